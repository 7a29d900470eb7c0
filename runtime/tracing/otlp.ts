/**
 * Sends spans to a collector by OTLP over HTTP. The only file that knows the exporter. The
 * library reads its settings from the standard variables: OTEL_EXPORTER_OTLP_ENDPOINT,
 * …_HEADERS, …_TIMEOUT, …_CERTIFICATE.
 */
import type { HrTime } from "@opentelemetry/api";
import type { BatchSpanProcessor, ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { errorMessage } from "../../sdk/error_message.ts";
import { loadPackage } from "../../sdk/load_package.ts";
import type { SpanRecord } from "../child/span_record.ts";

const WHAT = "OTEL_EXPORTER_OTLP_ENDPOINT";

/** SpanKind and SpanStatusCode of the API, whose enums cannot be imported as types. */
const KINDS = { internal: 0, client: 2 } as const;
const STATUS = { unset: 0, error: 2 } as const;

export interface SpanSender {
  /** Resolves when the collector has them. @throws Error when it has not */
  send(spans: readonly SpanRecord[]): Promise<void>;
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
  const { BatchSpanProcessor } = await loadPackage(
    WHAT,
    "@opentelemetry/sdk-trace",
    () => import("@opentelemetry/sdk-trace"),
  );
  return new OtlpSender(options, new OTLPTraceExporter(), (exporter) => {
    return new BatchSpanProcessor({ exporter });
  });
}

/** A collector answers so to spans that it will never take. */
const REFUSALS = [400, 413, 422];

function isForGood(error: Error): boolean {
  return "code" in error && REFUSALS.includes(Number(error.code));
}

/** Spans that one request carries. */
const BATCH = 512;

class OtlpSender implements SpanSender {
  readonly #resource: ReadableSpan["resource"];
  readonly #exporter: SpanExporter;
  readonly #batches: BatchSpanProcessor;
  readonly #onRefused: (reason: string) => void;

  constructor(
    { serviceName, onRefused }: SpanSenderOptions,
    exporter: SpanExporter,
    batched: (exporter: SpanExporter) => BatchSpanProcessor,
  ) {
    this.#resource = resourceOf({ "service.name": serviceName });
    this.#exporter = exporter;
    this.#onRefused = onRefused;
    this.#batches = batched(exporter);
  }

  async send(spans: readonly SpanRecord[]): Promise<void> {
    for (let from = 0; from < spans.length; from += BATCH)
      await this.#export(spans.slice(from, from + BATCH).map((one) => this.#readable(one)));
  }

  queue(span: SpanRecord): void {
    this.#batches.onEnd(this.#readable(span));
  }

  stop(): Promise<void> {
    return this.#batches.shutdown();
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
