package hailstream.bench;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Arguments of the form name=value. */
final class Arguments {
    private final Map<String, String> valueByName = new HashMap<>();

    Arguments(String[] arguments) {
        for (String argument : arguments) {
            int at = argument.indexOf('=');
            if (at < 1) {
                throw new IllegalArgumentException("expected name=value, got " + argument);
            }
            valueByName.put(argument.substring(0, at), argument.substring(at + 1));
        }
    }

    String text(String name) {
        String value = valueByName.get(name);
        if (value == null) {
            throw new IllegalArgumentException("expected an argument " + name + "=...");
        }
        return value;
    }

    Duration duration(String name) {
        return Duration.ofMillis(Long.parseLong(text(name)));
    }
}
