/**
 * Sends spans to a collector by OTLP over HTTP. The only file that knows the exporter. The
 * library reads its settings from the standard variables: OTEL_EXPORTER_OTLP_ENDPOINT,
 * …_HEADERS, …_TIMEOUT, …_CERTIFICATE.
 */
import { setTimeout } from "node:timers/promises";
import type { HrTime } from "@opentelemetry/api";
import type { BatchSpanProcessor, ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { errorMessage } from "../../sdk/error_message.ts";
import { loadPackage } from "../../sdk/load_package.ts";
import type { SpanRecord } from "../child/span_record.ts";
import { isRefusal } from "../service/refusals.ts";

const WHAT = "OTEL_EXPORTER_OTLP_ENDPOINT";

/** SpanKind and SpanStatusCode of the API, whose enums cannot be imported as types. */
const KINDS = { internal: 0, client: 2 } as const;
const STATUS = { unset: 0, error: 2 } as const;

export interface SpanSender {
  /**
   * Sends one request. Resolves when the collector has it, or refuses it for good.
   * @throws Error when it has not, or `signal` was aborted
   */
  send(spans: readonly SpanRecord[], signal: AbortSignal): Promise<void>;
  /** Sends it soon, with others. It is lost when the process dies before. */
  queue(span: SpanRecord): void;
  /** Sends what is queued. Idempotent. */
  stop(): Promise<void>;
}

export interface SpanSenderOptions {
  /** The name of the service in the traces. */
  readonly serviceName: string;
  /** Called with spans that the collector will never take. */
  readonly onRefused: (reason: string) => void;
}

/**
 * @throws DagsmithError PACKAGE_MISSING
 */
export async function openSpanSender(options: SpanSenderOptions): Promise<SpanSender> {
  const { OTLPTraceExporter } = await loadPackage(
    WHAT,
    "@opentelemetry/exporter-trace-otlp-http",
    () => import("@opentelemetry/exporter-trace-otlp-http"),
  );
  // Task processes load it; without it every try would fail.
  await loadPackage(
    WHAT,
    "@opentelemetry/context-async-hooks",
    () => import("@opentelemetry/context-async-hooks"),
  );
  const { BatchSpanProcessor } = await loadPackage(
    WHAT,
    "@opentelemetry/sdk-trace",
    () => import("@opentelemetry/sdk-trace"),
  );
  return new OtlpSender(options, new OTLPTraceExporter(), (exporter) => {
    return new BatchSpanProcessor({ exporter });
  });
}

function isForGood(error: Error): boolean {
  return "code" in error && isRefusal(Number(error.code));
}

const MOST_REASONS = 20;

/** How long the last spans of a process may take: the services below must stop too. */
const LAST_SPANS_MS = 2_000;

class OtlpSender implements SpanSender {
  readonly #resource: ReadableSpan["resource"];
  readonly #exporter: SpanExporter;
  readonly #batches: BatchSpanProcessor;
  readonly #onRefused: (reason: string) => void;
  readonly #reasons = new Set<string>();

  constructor(
    { serviceName, onRefused }: SpanSenderOptions,
    exporter: SpanExporter,
    batched: (exporter: SpanExporter) => BatchSpanProcessor,
  ) {
    this.#resource = resourceOf({ "service.name": serviceName });
    this.#exporter = exporter;
    this.#onRefused = onRefused;
    this.#batches = batched({
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          if (result.code !== 0) this.#lost(result.error);
          done(result);
        }),
      forceFlush: async () => exporter.forceFlush?.(),
      shutdown: () => exporter.shutdown(),
    });
  }

  send(spans: readonly SpanRecord[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#export(spans.map((one) => this.#readable(one))).then(resolve, reject);
    });
  }

  queue(span: SpanRecord): void {
    this.#batches.onEnd(this.#readable(span));
  }

  async stop(): Promise<void> {
    const shutdown = this.#batches.shutdown().catch((error) => {
      this.#lost(error);
    });
    await Promise.race([shutdown, setTimeout(LAST_SPANS_MS, undefined, { ref: false })]);
  }

  /** Queued spans have no second attempt. Reported once for each reason. */
  #lost(error: unknown): void {
    const reason = errorMessage(error ?? new Error("the collector took no spans"));
    if (this.#reasons.has(reason) || this.#reasons.size >= MOST_REASONS) return;
    this.#reasons.add(reason);
    this.#onRefused(reason);
  }

  #export(spans: ReadableSpan[]): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#exporter.export(spans, ({ code, error }) => {
        if (code === 0) return resolve();
        const refusal = error ?? new Error("the collector took no spans");
        if (!isForGood(refusal)) return reject(refusal);
        this.#onRefused(errorMessage(refusal));
        resolve();
      }),
    );
  }

  #readable(span: SpanRecord): ReadableSpan {
    const contextOf = (spanId: string) => ({ traceId: span.traceId, spanId, traceFlags: 1 });
    const { parentSpanId, startMs, endMs, error } = span;
    return {
      ...{ name: span.name, kind: KINDS[span.kind], resource: this.#resource },
      spanContext: () => contextOf(span.spanId),
      ...(parentSpanId !== null && { parentSpanContext: contextOf(parentSpanId) }),
      ...{ startTime: hrTime(startMs), endTime: hrTime(endMs), duration: hrTime(endMs - startMs) },
      status: error === null ? { code: STATUS.unset } : { code: STATUS.error, message: error },
      attributes: { ...span.attributes },
      ...{ links: [], events: [], ended: true, instrumentationScope: { name: "dagsmith" } },
      ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
    };
  }
}

/** Seconds and nanoseconds. */
function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1_000_000)];
}

function resourceOf(attributes: Record<string, string>): ReadableSpan["resource"] {
  const own: ReadableSpan["resource"] = {
    attributes,
    merge: () => own,
    getRawAttributes: () => Object.entries(attributes),
  };
  return own;
}
