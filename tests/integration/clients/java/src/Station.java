import eu.chargetime.ocpp.CallErrorException;
import eu.chargetime.ocpp.ClientEvents;
import eu.chargetime.ocpp.IClientAPI;
import eu.chargetime.ocpp.JSONClient;
import eu.chargetime.ocpp.JSONConfiguration;
import eu.chargetime.ocpp.SOAPClient;
import eu.chargetime.ocpp.feature.profile.ClientCoreProfile;
import eu.chargetime.ocpp.model.Confirmation;
import eu.chargetime.ocpp.model.Request;
import java.net.MalformedURLException;
import java.net.URL;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The library's client: says everything until it is answered, over as many connections as it takes. */
final class Station {
    private static final int ANSWER_S = 25;

    final BlockingQueue<String> starts = new LinkedBlockingQueue<>();
    final BlockingQueue<Integer> stops = new LinkedBlockingQueue<>();
    private final Plan plan;
    private IClientAPI client;

    Station(Plan plan) {
        this.plan = plan;
    }

    void connect() throws Exception {
        while (!tryToConnect()) {
            Thread.sleep(200);
        }
    }

    void leave() {
        client.disconnect();
    }

    /** The answer; a CALLERROR ends the program. */
    Confirmation tell(Request request) throws Exception {
        while (true) {
            try {
                return client.send(request).toCompletableFuture().get(ANSWER_S, TimeUnit.SECONDS);
            } catch (ExecutionException error) {
                if (error.getCause() instanceof CallErrorException) {
                    CallErrorException refused = (CallErrorException) error.getCause();
                    Charge.must(false, request + ": " + refused.getErrorCode() + " " + refused.getErrorDescription());
                }
            } catch (TimeoutException late) {
                // The connection may be dead: a new one follows.
            }
            client.disconnect();
            connect();
        }
    }

    private boolean tryToConnect() throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        client = isSoap() ? soap() : json();
        client.connect(address(), new ClientEvents() {
            @Override
            public void connectionOpened() {
                open.countDown();
            }

            @Override
            public void connectionClosed() {}
        });
        return open.await(5, TimeUnit.SECONDS);
    }

    private boolean isSoap() {
        return plan.protocol.equals("ocpp1.6s");
    }

    private String address() {
        return isSoap() ? plan.url.replace("://", "://" + plan.station + ":" + plan.password + "@") : plan.url;
    }

    private IClientAPI json() {
        JSONConfiguration configuration = JSONConfiguration.get()
                .setParameter(JSONConfiguration.USERNAME_PARAMETER, plan.station)
                .setParameter(JSONConfiguration.PASSWORD_PARAMETER, plan.password);
        return new JSONClient(new ClientCoreProfile(new Orders(starts, stops)), plan.station, configuration);
    }

    private IClientAPI soap() throws MalformedURLException {
        return new SOAPClient(plan.station, new URL(plan.callback), new ClientCoreProfile(new Orders(starts, stops)));
    }
}
