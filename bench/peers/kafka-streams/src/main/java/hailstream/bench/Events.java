package hailstream.bench;

/** What the bench is told, one line each on standard output. */
final class Events {
    private Events() {}

    static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
