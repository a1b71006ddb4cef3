export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  inc(labels?: Labels): void;
}

export interface Gauge {
  set(labels: Labels, value: number): void;
  remove(labels: Labels): void;
}

export interface Histogram {
  observe(labels: Labels, value: number): void;
  remove(labels: Labels): void;
}

interface Described {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** Numbers for Prometheus. The library behind it is loaded by the first process that really serves them. */
export interface Metrics {
  counter(of: Described): Counter;
  gauge(of: Described): Gauge;
  /** Buckets in the unit of the metric; default those of the Go client, made for seconds. */
  histogram(of: Described & { readonly buckets?: readonly number[] }): Histogram;
  /** Everything in Prometheus' text format 0.0.4. */
  text(): Promise<string>;
}

/** Upper bounds that the Go client uses when nobody says otherwise. */
const GO_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Metrics over prom-client.
 *
 * @param ofProcess also measure the process itself (memory, event loop, garbage collection).
 */
export async function createMetrics({ ofProcess = false }: { readonly ofProcess?: boolean } = {}): Promise<Metrics> {
  const prometheus = await import("prom-client");
  const registry = new prometheus.Registry();
  if (ofProcess) prometheus.collectDefaultMetrics({ register: registry });
  const common = ({ name, help, labels = [] }: Described) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  return {
    counter: (of) => {
      const counter = new prometheus.Counter(common(of));
      return { inc: (labels = {}) => counter.inc({ ...labels }) };
    },
    gauge: (of) => {
      const gauge = new prometheus.Gauge(common(of));
      return {
        set: (labels, value) => gauge.set({ ...labels }, value),
        remove: (labels) => gauge.remove({ ...labels }),
      };
    },
    histogram: (of) => {
      const histogram = new prometheus.Histogram({ ...common(of), buckets: [...(of.buckets ?? GO_BUCKETS)] });
      return {
        observe: (labels, value) => histogram.observe({ ...labels }, value),
        remove: (labels) => histogram.remove({ ...labels }),
      };
    },
    text: () => registry.metrics(),
  };
}

/** Metrics that nobody reads. */
export const silentMetrics: Metrics = {
  counter: () => ({ inc: () => undefined }),
  gauge: () => ({ set: () => undefined, remove: () => undefined }),
  histogram: () => ({ observe: () => undefined, remove: () => undefined }),
  text: () => Promise.resolve(""),
};
