import com.google.gson.Gson;
import eu.chargetime.ocpp.model.core.AuthorizationStatus;
import eu.chargetime.ocpp.model.core.AuthorizeConfirmation;
import eu.chargetime.ocpp.model.core.AuthorizeRequest;
import eu.chargetime.ocpp.model.core.BootNotificationConfirmation;
import eu.chargetime.ocpp.model.core.BootNotificationRequest;
import eu.chargetime.ocpp.model.core.ChargePointErrorCode;
import eu.chargetime.ocpp.model.core.ChargePointStatus;
import eu.chargetime.ocpp.model.core.MeterValue;
import eu.chargetime.ocpp.model.core.MeterValuesRequest;
import eu.chargetime.ocpp.model.core.Reason;
import eu.chargetime.ocpp.model.core.RegistrationStatus;
import eu.chargetime.ocpp.model.core.SampledValue;
import eu.chargetime.ocpp.model.core.StartTransactionConfirmation;
import eu.chargetime.ocpp.model.core.StartTransactionRequest;
import eu.chargetime.ocpp.model.core.StatusNotificationRequest;
import eu.chargetime.ocpp.model.core.StopTransactionRequest;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A station made of eu.chargetime.ocpp; its argument is a plan (see clients_case.py). */
public final class Charge {
    private final Plan plan;
    private final Station station;

    private Charge(Plan plan) {
        this.plan = plan;
        this.station = new Station(plan);
    }

    public static void main(String[] arguments) throws Exception {
        Charge charge = new Charge(new Gson().fromJson(arguments[0], Plan.class));
        charge.station.connect();
        BootNotificationConfirmation booted =
                (BootNotificationConfirmation) charge.station.tell(new BootNotificationRequest("ChargeTime", "Java"));
        must(booted.getStatus() == RegistrationStatus.Accepted, "not accepted");
        for (Plan.Session session : charge.plan.sessions) {
            charge.play(session);
        }
        charge.station.leave();
        System.exit(0);
    }

    private void play(Plan.Session session) throws Exception {
        boolean offline = session.way.equals("offline");
        session.token = plan.token;
        if (session.way.equals("remote")) {
            say("ask", "start");
            session.token = station.starts.take();
        } else {
            AuthorizeConfirmation decided = (AuthorizeConfirmation) station.tell(new AuthorizeRequest(plan.token));
            must(decided.getIdTagInfo().getStatus() == AuthorizationStatus.Accepted, "the token is not accepted");
        }
        status(ChargePointStatus.Charging);
        if (offline) {
            station.leave();
        }
        List<ZonedDateTime> kept = new ArrayList<>();
        for (int number = 0; number < session.wh.length; number++) {
            kept.add(ZonedDateTime.now());
            Thread.sleep(plan.pause_ms);
            if (!offline) {
                tellReading(session, number, kept.get(number));
            }
        }
        if (offline) {
            station.connect();
            for (int number = 0; number < session.wh.length; number++) {
                tellReading(session, number, kept.get(number));
            }
        }
        status(ChargePointStatus.Available);
        int start = session.wh[0];
        int stop = session.wh[session.wh.length - 1];
        say("transaction", String.valueOf(session.transaction), "meter_start", start, "meter_stop", stop,
                "wh", stop - start, "token", session.token);
    }

    private void tellReading(Plan.Session session, int number, ZonedDateTime at) throws Exception {
        int wh = session.wh[number];
        if (number == 0) {
            StartTransactionConfirmation begun = (StartTransactionConfirmation)
                    station.tell(new StartTransactionRequest(1, session.token, wh, at));
            must(begun.getIdTagInfo().getStatus() == AuthorizationStatus.Accepted, "the start is not accepted");
            session.transaction = begun.getTransactionId();
        } else if (number < session.wh.length - 1) {
            SampledValue value = new SampledValue(String.valueOf(wh));
            value.setContext("Sample.Periodic");
            value.setMeasurand("Energy.Active.Import.Register");
            value.setUnit("Wh");
            MeterValuesRequest request = new MeterValuesRequest(1);
            request.setTransactionId(session.transaction);
            request.setMeterValue(new MeterValue[] {new MeterValue(at, new SampledValue[] {value})});
            station.tell(request);
        } else {
            if (session.way.equals("remote")) {
                say("ask", "stop", "transaction", String.valueOf(session.transaction));
                must(station.stops.take() == session.transaction, "asked to stop another transaction");
            }
            StopTransactionRequest request = new StopTransactionRequest(wh, at, session.transaction);
            request.setReason(session.way.equals("remote") ? Reason.Remote : Reason.Local);
            station.tell(request);
        }
    }

    private void status(ChargePointStatus status) throws Exception {
        station.tell(new StatusNotificationRequest(1, ChargePointErrorCode.NoError, status));
    }

    private static void say(Object... namesAndValues) {
        Map<String, Object> line = new LinkedHashMap<>();
        for (int at = 0; at < namesAndValues.length; at += 2) {
            line.put((String) namesAndValues[at], namesAndValues[at + 1]);
        }
        System.out.println(new Gson().toJson(line));
    }

    static void must(boolean isTrue, String what) {
        if (!isTrue) {
            System.err.println(what);
            System.exit(1);
        }
    }
}
