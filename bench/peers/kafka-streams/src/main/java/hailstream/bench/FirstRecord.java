package hailstream.bench;

import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** Says when the first record's value is decoded: there the measured time begins. */
final class FirstRecord implements Deserializer<byte[]> {
    private final AtomicBoolean seen = new AtomicBoolean();

    @Override
    public byte[] deserialize(String topic, byte[] data) {
        if (!seen.get() && seen.compareAndSet(false, true)) {
            Events.say("first-record " + System.currentTimeMillis());
        }
        return data;
    }

    Serde<byte[]> serde() {
        return Serdes.serdeFrom(Serdes.ByteArray().serializer(), this);
    }
}
