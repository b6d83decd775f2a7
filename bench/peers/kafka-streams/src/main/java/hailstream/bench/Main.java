package hailstream.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * Runs one program, several times over in one JVM, so that the measured run finds it warm.
 * Reads `start APPLICATION_ID OUTPUT_TOPIC`, `stop` and `exit`, a line each; says `ready`,
 * `started GROUP`, `first-record EPOCH_MS`, `stopped` and `failed MESSAGE`.
 */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws IOException {
        Arguments arguments = new Arguments(args);
        BufferedReader commands =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        KafkaStreams streams = null;
        Events.say("ready");
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] words = line.trim().split(" ");
            switch (words[0]) {
                case "start" -> streams = start(arguments, words[1], words[2]);
                case "stop" -> {
                    stop(streams);
                    streams = null;
                    Events.say("stopped");
                }
                case "exit" -> {
                    stop(streams);
                    return;
                }
                default -> throw new IllegalArgumentException("unknown command " + line);
            }
        }
        stop(streams);
    }

    private static KafkaStreams start(Arguments arguments, String applicationId, String output) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, applicationId);
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments.text("brokers"));
        properties.put(StreamsConfig.STATE_DIR_CONFIG, arguments.text("state-dir"));
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, arguments.text("threads"));
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, arguments.text("commit-ms"));
        properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        KafkaStreams streams = new KafkaStreams(Programs.build(arguments, output), properties);
        streams.setUncaughtExceptionHandler(error -> {
            Events.say("failed " + String.valueOf(error).replace('\n', ' '));
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.start();
        Events.say("started " + applicationId);
        return streams;
    }

    private static void stop(KafkaStreams streams) {
        if (streams != null) {
            streams.close(Duration.ofSeconds(30));
            streams.cleanUp();
        }
    }
}
