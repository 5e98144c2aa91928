import java.util.List;

/** What a station plays (see clients_case.py); gson fills it in. */
final class Plan {
    String url;
    String station;
    String password;
    String protocol;
    String token;
    String callback;
    int pause_ms;
    List<Session> sessions;

    static final class Session {
        String way;
        int[] wh;
        String token;
        int transaction;
    }
}
