package headrace.bench;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.environment.LocalStreamEnvironment;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/**
 * Count, sum, min, max and mean of tumbling windows of every asset, given out once, when a window is closed.
 *
 * <p>One process with one task slot; state on the heap, the fastest there is; a checkpoint every second and, in the mode
 * exactly_once, a transactional sink. Whatever else is not said here is Flink's default.
 */
public final class TumblingWindows {

    /** An event, as far as the windows need it. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public static final class Event {
        public long ts;
        public String asset;
        public Map<String, Double> values;
    }

    /** What the windows keep of an event: Flink passes it from operator to operator without a generic serializer. */
    public static final class Reading {
        public long ts;
        public String asset;
        public double value;
    }

    /** The state of one window of one asset. */
    public static final class Statistics {
        public long count;
        public double sum;
        public double min = Double.POSITIVE_INFINITY;
        public double max = Double.NEGATIVE_INFINITY;
    }

    /** What is sent when a window is closed. */
    public static final class Aggregate {
        public String asset;
        public long window_start;
        public long count;
        public double sum;
        public double min;
        public double max;
        public double mean;
    }

    private static final class Summary implements AggregateFunction<Reading, Statistics, Statistics> {
        @Override
        public Statistics createAccumulator() {
            return new Statistics();
        }

        @Override
        public Statistics add(Reading reading, Statistics statistics) {
            statistics.count++;
            statistics.sum += reading.value;
            statistics.min = Math.min(statistics.min, reading.value);
            statistics.max = Math.max(statistics.max, reading.value);
            return statistics;
        }

        @Override
        public Statistics getResult(Statistics statistics) {
            return statistics;
        }

        @Override
        public Statistics merge(Statistics one, Statistics other) {
            throw new UnsupportedOperationException("tumbling windows are not merged");
        }
    }

    private static final class Closing extends ProcessWindowFunction<Statistics, Aggregate, String, TimeWindow> {
        @Override
        public void process(String asset, Context context, Iterable<Statistics> all, Collector<Aggregate> out) {
            Statistics statistics = all.iterator().next();
            Aggregate aggregate = new Aggregate();
            aggregate.asset = asset;
            aggregate.window_start = context.window().getStart();
            aggregate.count = statistics.count;
            aggregate.sum = statistics.sum;
            aggregate.min = statistics.min;
            aggregate.max = statistics.max;
            aggregate.mean = statistics.sum / statistics.count;
            out.collect(aggregate);
        }
    }

    private static final class FromJson implements DeserializationSchema<Reading> {
        private transient ObjectReader reader;
        private transient boolean begun;

        @Override
        public void open(InitializationContext context) {
            reader = new ObjectMapper().readerFor(Event.class);
        }

        @Override
        public Reading deserialize(byte[] bytes) throws IOException {
            if (!begun) {
                begun = true;
                System.out.printf(Locale.ROOT, "FIRST %.3f%n", System.currentTimeMillis() / 1000.0);
            }
            Event event = reader.readValue(bytes);
            Reading reading = new Reading();
            reading.ts = event.ts;
            reading.asset = event.asset;
            reading.value = event.values.get("m0");
            return reading;
        }

        @Override
        public boolean isEndOfStream(Reading next) {
            return false;
        }

        @Override
        public TypeInformation<Reading> getProducedType() {
            return TypeInformation.of(Reading.class);
        }
    }

    private static final class ToJson implements SerializationSchema<Aggregate> {
        private transient ObjectWriter writer;

        @Override
        public void open(InitializationContext context) {
            writer = new ObjectMapper().writerFor(Aggregate.class);
        }

        @Override
        public byte[] serialize(Aggregate aggregate) {
            try {
                return writer.writeValueAsBytes(aggregate);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        boolean exactlyOnce = arguments[0].equals("exactly_once");
        String source = arguments[1];
        String target = arguments[2];
        String group = arguments[3];
        String brokers = System.getenv("HEADRACE_KAFKA");

        LocalStreamEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1, new Configuration());
        environment.enableCheckpointing(1000);
        environment.getConfig().enableObjectReuse();

        KafkaSource<Reading> events = KafkaSource.<Reading>builder()
                .setBootstrapServers(brokers)
                .setTopics(source)
                .setGroupId(group)
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setValueOnlyDeserializer(new FromJson())
                .build();
        KafkaSink<Aggregate> aggregates = KafkaSink.<Aggregate>builder()
                .setBootstrapServers(brokers)
                .setDeliveryGuarantee(
                        exactlyOnce ? DeliveryGuarantee.EXACTLY_ONCE : DeliveryGuarantee.AT_LEAST_ONCE)
                .setTransactionalIdPrefix(group)
                .setProperty("transaction.timeout.ms", "600000")
                .setRecordSerializer(KafkaRecordSerializationSchema.<Aggregate>builder()
                        .setTopic(target)
                        .setValueSerializationSchema(new ToJson())
                        .build())
                .build();
        WatermarkStrategy<Reading> watermarks = WatermarkStrategy
                .<Reading>forBoundedOutOfOrderness(Duration.ofSeconds(5))
                .withTimestampAssigner((reading, ms) -> reading.ts);

        environment.fromSource(events, watermarks, "events")
                .keyBy(reading -> reading.asset)
                .window(TumblingEventTimeWindows.of(Duration.ofSeconds(10)))
                .aggregate(new Summary(), new Closing())
                .sinkTo(aggregates);
        environment.execute();
    }

    private TumblingWindows() {}
}
