package hailstream.bench;

import java.nio.ByteBuffer;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/** The programs that are compared, each as a user of Kafka Streams would write it. */
final class Programs {
    private Programs() {}

    static Topology build(Arguments arguments, String output) {
        Serde<byte[]> values = new FirstRecord().serde();
        return switch (arguments.text("program")) {
            case "windowed-count" -> windowedCount(arguments, values, output);
            case "session-window" -> sessionCount(arguments, values, output);
            case "join" -> join(arguments, values, output);
            default -> throw new IllegalArgumentException("unknown program " + arguments.text("program"));
        };
    }

    private static Topology windowedCount(Arguments arguments, Serde<byte[]> values, String output) {
        Duration size = arguments.duration("window-ms");
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(arguments.text("input"), Consumed.with(Serdes.String(), values))
            .groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(size, arguments.duration("grace-ms")))
            .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("counts")
                .withKeySerde(Serdes.String())
                .withValueSerde(Serdes.Long()))
            .toStream()
            .to(output, Produced.with(
                WindowedSerdes.timeWindowedSerdeFrom(String.class, size.toMillis()), Serdes.Long()));
        return builder.build();
    }

    private static Topology sessionCount(Arguments arguments, Serde<byte[]> values, String output) {
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(arguments.text("input"), Consumed.with(Serdes.String(), values))
            .groupByKey()
            .windowedBy(SessionWindows.ofInactivityGapAndGrace(
                arguments.duration("window-ms"), arguments.duration("grace-ms")))
            .count(Materialized.<String, Long, SessionStore<Bytes, byte[]>>as("counts")
                .withKeySerde(Serdes.String())
                .withValueSerde(Serdes.Long()))
            .toStream()
            .to(output, Produced.with(
                WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));
        return builder.build();
    }

    private static Topology join(Arguments arguments, Serde<byte[]> values, String output) {
        String[] inputs = arguments.text("input").split(",");
        StreamsBuilder builder = new StreamsBuilder();
        KStream<String, byte[]> left =
            builder.stream(inputs[0], Consumed.with(Serdes.String(), values));
        KStream<String, byte[]> right =
            builder.stream(inputs[1], Consumed.with(Serdes.String(), values));
        left.join(
                right,
                (one, other) -> ByteBuffer.allocate(one.length + other.length).put(one).put(other).array(),
                JoinWindows.ofTimeDifferenceAndGrace(
                    arguments.duration("window-ms"), arguments.duration("grace-ms")),
                StreamJoined.with(Serdes.String(), Serdes.ByteArray(), Serdes.ByteArray())
                    .withName("joined")
                    .withStoreName("joined"))
            .to(output, Produced.with(Serdes.String(), Serdes.ByteArray()));
        return builder.build();
    }
}
