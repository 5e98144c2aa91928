import de.safe_ev.transparenzsoftware.output.ConsoleFileProcessor;
import de.safe_ev.transparenzsoftware.verification.VerificationParserFactory;
import java.io.BufferedReader;
import java.io.InputStreamReader;

/** What `-cli -f IN -o IN.out` of the transparency software does, for each path on standard input. */
public class Check {
    public static void main(String[] arguments) throws Exception {
        var processor = new ConsoleFileProcessor(new VerificationParserFactory());
        var paths = new BufferedReader(new InputStreamReader(System.in));
        for (var path = paths.readLine(); path != null; path = paths.readLine()) {
            try {
                processor.processFile(path, path + ".out", false);
            } catch (RuntimeException refused) {
                System.err.println(path + ": " + refused);
            }
        }
    }
}
