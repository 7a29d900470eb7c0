/** A span of a task process, as it goes to the worker. */

/** Most characters of a name, and of a text in an attribute or an error. */
export const MAX_SPAN_NAME = 1_000;
export const MAX_SPAN_TEXT = 4_000;
/** Most attributes of a span. */
export const MAX_SPAN_ATTRIBUTES = 100;

export interface SpanRecord {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  /** `client`: a call to another system. */
  readonly kind: "internal" | "client";
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Null: it did not fail. */
  readonly error: string | null;
}
