package headrace.bench;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.state.WindowStore;

/**
 * Count, sum, min, max and mean of tumbling windows of every asset, given out once, when a window is closed.
 *
 * <p>Everything that is not said here is Kafka Streams' default. Events arrive keyed by asset, so nothing is
 * repartitioned; Jackson reads into a class, which is its fast way; the state is stored as 32 bytes, not as JSON.
 */
public final class TumblingWindows {

    /** An event, as far as the windows need it. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public static final class Event {
        public long ts;
        public Map<String, Double> values;
    }

    /** The state of one window of one asset. */
    private static final class Statistics {
        long count;
        double sum;
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;

        static Statistics read(byte[] bytes) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            Statistics statistics = new Statistics();
            statistics.count = buffer.getLong();
            statistics.sum = buffer.getDouble();
            statistics.min = buffer.getDouble();
            statistics.max = buffer.getDouble();
            return statistics;
        }

        byte[] bytes() {
            return ByteBuffer.allocate(32).putLong(count).putDouble(sum).putDouble(min).putDouble(max).array();
        }

        Statistics add(Event event) {
            double value = event.values.get("m0");
            count++;
            sum += value;
            min = Math.min(min, value);
            max = Math.max(max, value);
            return this;
        }
    }

    /** What is sent when a window is closed. */
    public record Aggregate(
            String asset, long window_start, long count, double sum, double min, double max, double mean) {}

    private static final class EventTime implements TimestampExtractor {
        @Override
        public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
            return ((Event) record.value()).ts;
        }
    }

    private static volatile boolean begun;

    public static void main(String[] arguments) throws InterruptedException {
        String guarantee = arguments[0];
        String store = arguments[1];
        String source = arguments[2];
        String target = arguments[3];
        String applicationId = arguments[4];
        String stateFolder = arguments[5];

        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, applicationId);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv("HEADRACE_KAFKA"));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        // As often as headrace commits. Results wait for it: with the 30 s of at_least_once they would all come late.
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 250);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, stateFolder);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");

        KafkaStreams streams = new KafkaStreams(topology(source, target, store), settings);
        CountDownLatch stopped = new CountDownLatch(1);
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close(Duration.ofSeconds(10));
            stopped.countDown();
        }));
        streams.start();
        stopped.await();
    }

    private static Topology topology(String source, String target, String store) {
        ObjectMapper mapper = new ObjectMapper();
        Serde<Event> events = json(mapper, Event.class);
        Serde<Statistics> statistics = Serdes.serdeFrom(
                (topic, value) -> value == null ? null : value.bytes(),
                (topic, bytes) -> bytes == null ? null : Statistics.read(bytes));
        Serde<Aggregate> aggregates = json(mapper, Aggregate.class);
        Duration size = Duration.ofSeconds(10);
        Duration grace = Duration.ofSeconds(5);

        Materialized<String, Statistics, WindowStore<Bytes, byte[]>> state = Materialized.as(
                store.equals("in_memory")
                        ? Materialized.StoreType.IN_MEMORY
                        : Materialized.StoreType.ROCKS_DB);

        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(source, Consumed.with(Serdes.String(), events).withTimestampExtractor(new EventTime()))
                .groupByKey(Grouped.with(Serdes.String(), events))
                .windowedBy(TimeWindows.ofSizeAndGrace(size, grace))
                .aggregate(
                        Statistics::new,
                        (key, event, window) -> window.add(event),
                        state.withKeySerde(Serdes.String()).withValueSerde(statistics))
                .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()))
                .toStream()
                .map((key, window) -> KeyValue.pair(key.key(), new Aggregate(
                        name(key.key()), key.window().start(), window.count, window.sum, window.min, window.max,
                        window.sum / window.count)))
                .to(target, Produced.with(Serdes.String(), aggregates));
        return builder.build();
    }

    /** The asset in a key, site/asset. */
    private static String name(String key) {
        return key.substring(key.indexOf('/') + 1);
    }

    private static <T> Serde<T> json(ObjectMapper mapper, Class<T> type) {
        ObjectReader reader = mapper.readerFor(type);
        ObjectWriter writer = mapper.writerFor(type);
        Serializer<T> serializer = (topic, value) -> {
            try {
                return writer.writeValueAsBytes(value);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        };
        Deserializer<T> deserializer = (topic, bytes) -> {
            if (!begun) {
                begun = true;
                System.out.printf(Locale.ROOT, "FIRST %.3f%n", System.currentTimeMillis() / 1000.0);
            }
            try {
                return reader.readValue(bytes);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        };
        return Serdes.serdeFrom(serializer, deserializer);
    }

    private TumblingWindows() {}
}
