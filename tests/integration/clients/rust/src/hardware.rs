//! A charge point of one connector whose hardware always does as it is told.

use std::convert::Infallible;
use std::sync::Arc;

use ocpp_charge_point::hardware::{
    execute_hardware_command, Capabilities, ChargePoint, Connector, Evse, HardwareCommandReceiver,
    HardwareEventSender,
};

pub struct Plug;

#[async_trait::async_trait]
impl Connector for Plug {
    type Error = Infallible;

    async fn lock(&self) -> Result<(), Infallible> {
        Ok(())
    }

    async fn unlock(&self) -> Result<(), Infallible> {
        Ok(())
    }

    async fn close_contactor(&self) -> Result<(), Infallible> {
        Ok(())
    }

    async fn open_contactor(&self) -> Result<(), Infallible> {
        Ok(())
    }

    async fn set_current_limit(&self, _limit_ma: Option<u32>) -> Result<(), Infallible> {
        Ok(())
    }
}

pub struct Outlet {
    plugs: Vec<Plug>,
}

#[async_trait::async_trait]
impl Evse<Plug> for Outlet {
    type Error = Infallible;

    fn connectors(&self) -> &[Plug] {
        &self.plugs
    }

    async fn reboot(&self) -> Result<(), Infallible> {
        Ok(())
    }
}

pub struct Post {
    outlets: Arc<Vec<Outlet>>,
}

impl Post {
    pub fn new() -> Self {
        Post {
            outlets: Arc::new(vec![Outlet { plugs: vec![Plug] }]),
        }
    }
}

#[async_trait::async_trait]
impl ChargePoint<Outlet, Plug> for Post {
    type StartError = Infallible;

    fn vendor_name(&self) -> &str {
        "ocpp-charge-point"
    }

    fn model_name(&self) -> &str {
        "Rust"
    }

    fn evses(&self) -> &[Outlet] {
        &self.outlets
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn start(
        self: Arc<Self>,
        events: HardwareEventSender,
        mut commands: HardwareCommandReceiver,
    ) -> Result<(), Infallible> {
        let outlets = self.outlets.clone();
        tokio::spawn(async move {
            while let Ok(command) = commands.recv().await {
                execute_hardware_command(outlets.as_slice(), command, &events).await;
            }
        });
        Ok(())
    }
}
