import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.connectors.ConnectorPortRegister;
import org.neo4j.configuration.connectors.ConnectorType;
import org.neo4j.configuration.connectors.HttpConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementService;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;
import org.neo4j.io.ByteUnit;
import org.neo4j.kernel.internal.GraphDatabaseAPI;

/**
 * A throwaway Neo4j Community server on a loopback port, with password authentication.
 *
 * <p>The password comes in the environment variable RINGFENCE_TEST_NEO4J_PASSWORD; the one argument is the folder for
 * the data, which is deleted at the end. Prints "listening PORT" once it answers. Ends when standard input ends, so that
 * it never outlives the process that started it, however that one died.
 */
public final class Launcher {
    public static void main(String[] arguments) throws IOException {
        Path home = Path.of(arguments[0]);
        SocketAddress anyLoopbackPort = new SocketAddress("127.0.0.1", 0);
        DatabaseManagementService service = new DatabaseManagementServiceBuilder(home)
                .setConfig(BoltConnector.enabled, true)
                .setConfig(BoltConnector.listen_address, anyLoopbackPort)
                .setConfig(BoltConnector.advertised_address, anyLoopbackPort)
                .setConfig(HttpConnector.enabled, false)
                .setConfig(GraphDatabaseSettings.auth_enabled, true)
                .setConfig(GraphDatabaseSettings.pagecache_memory, ByteUnit.mebiBytes(256))
                .setConfig(GraphDatabaseSettings.logical_log_rotation_threshold, ByteUnit.mebiBytes(64))
                .setConfig(GraphDatabaseSettings.keep_logical_logs, "keep_none")
                .setConfig(GraphDatabaseSettings.auth_max_failed_attempts, 0)
                .build();
        // The data is worth nothing afterwards: no checkpoint, no orderly shutdown.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            delete(home);
            Runtime.getRuntime().halt(0);
        }));

        service.database(GraphDatabaseSettings.SYSTEM_DATABASE_NAME).executeTransactionally(
                "ALTER USER neo4j SET PASSWORD $password CHANGE NOT REQUIRED",
                Map.of("password", System.getenv("RINGFENCE_TEST_NEO4J_PASSWORD")));
        GraphDatabaseAPI database =
                (GraphDatabaseAPI) service.database(GraphDatabaseSettings.DEFAULT_DATABASE_NAME);
        int port = database.getDependencyResolver().resolveDependency(ConnectorPortRegister.class)
                .getLocalAddress(ConnectorType.BOLT).getPort();
        System.out.println("listening " + port);

        while (System.in.read() >= 0) {
            continue;
        }
        System.exit(0);
    }

    private static void delete(Path folder) {
        try (var paths = Files.walk(folder)) {
            paths.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        } catch (IOException gone) {
            // Whoever started this process deletes the folder as well.
        }
    }
}
