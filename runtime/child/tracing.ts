/**
 * Spans inside a try: calls of hooks, requests of `fetch`, and spans that the task makes by
 * the API of OpenTelemetry. They go to the worker, which has the address and the password
 * of the collector. Loaded only while traces are on.
 */
import { subscribe } from "node:diagnostics_channel";
import {
  type Attributes,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { type ReadableSpan, TracerProvider } from "@opentelemetry/sdk-trace";
import { errorMessage } from "../../sdk/error_message.ts";
import {
  MAX_SPAN_ATTRIBUTES,
  MAX_SPAN_NAME,
  MAX_SPAN_TEXT,
  type SpanRecord,
} from "./span_record.ts";

/** Makes spans in this process. */
export type Tracing = Tracer;

/** @param send gets each span when it ends, in the code that ended it */
export function startTracing(send: (span: SpanRecord) => void): Tracer {
  const recorder = {
    onStart: () => undefined,
    onEnd: (span: ReadableSpan) => send(recordOf(span)),
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [recorder] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const tracer = trace.getTracer("dagsmith");
  traceRequests(tracer);
  return tracer;
}

/** Runs code of a try: its spans are children of the span of the try. */
export function withinTry<Result>(traceparent: string, run: () => Result): Result {
  const [, traceId = "", spanId = ""] = traceparent.split("-");
  const ofTry = { traceId, spanId, traceFlags: 1, isRemote: true };
  return context.with(trace.setSpanContext(ROOT_CONTEXT, ofTry), run);
}

function recordOf(span: ReadableSpan): SpanRecord {
  const { status, parentSpanContext } = span;
  const { traceId, spanId } = span.spanContext();
  return {
    ...{ traceId, spanId, parentSpanId: parentSpanContext?.spanId ?? null },
    name: span.name.slice(0, MAX_SPAN_NAME),
    kind: span.kind === SpanKind.CLIENT ? "client" : "internal",
    ...{ startMs: milliseconds(span.startTime), endMs: milliseconds(span.endTime) },
    attributes: plainOnly(span.attributes),
    error: status.code === SpanStatusCode.ERROR ? cut(status.message ?? "failed") : null,
  };
}

/** Lists, and numbers that JSON does not have, are left out. */
function plainOnly(attributes: Attributes): SpanRecord["attributes"] {
  const plain: [string, string | number | boolean][] = [];
  for (const [key, value] of Object.entries(attributes))
    if (typeof value === "string") plain.push([cutKey(key), cut(value)]);
    else if (typeof value === "boolean" || Number.isFinite(value))
      plain.push([cutKey(key), value as number | boolean]);
  return Object.fromEntries(plain.slice(0, MAX_SPAN_ATTRIBUTES));
}

const cut = (text: string): string => text.slice(0, MAX_SPAN_TEXT);
const cutKey = (key: string): string => key.slice(0, MAX_SPAN_NAME);

const milliseconds = ([seconds, nanoseconds]: readonly [number, number]): number =>
  seconds * 1_000 + nanoseconds / 1_000_000;

interface RequestMessage {
  readonly request: {
    readonly origin: string;
    readonly method: string;
    /** Names and values by turns, or as text. */
    readonly headers: string | readonly unknown[];
    addHeader(name: string, value: string): void;
  };
  readonly response?: { readonly statusCode: number };
  readonly error?: unknown;
}

/**
 * The channels of undici, which is `fetch`. A path may hold a secret, as those of webhooks
 * do, so a span names the server only.
 */
function traceRequests(tracer: Tracer): void {
  const spans = new WeakMap<object, Span>();
  const on = (name: string, react: (message: RequestMessage) => void): void =>
    subscribe(`undici:request:${name}`, (message) => react(message as RequestMessage));
  on("create", ({ request }) => {
    if (!trace.getSpan(context.active())) return;
    const span = tracer.startSpan(`HTTP ${request.method}`, {
      kind: SpanKind.CLIENT,
      attributes: {
        "http.request.method": request.method,
        "server.address": new URL(request.origin).host,
      },
    });
    const { traceId, spanId } = span.spanContext();
    if (!hasTraceparent(request.headers))
      request.addHeader("traceparent", `00-${traceId}-${spanId}-01`);
    spans.set(request, span);
  });
  on("headers", ({ request, response }) => {
    const status = response?.statusCode ?? 0;
    const span = spans.get(request)?.setAttribute("http.response.status_code", status);
    if (status >= 400) span?.setStatus({ code: SpanStatusCode.ERROR, message: `HTTP ${status}` });
  });
  on("trailers", ({ request }) => spans.get(request)?.end());
  on("error", ({ request, error }) => fail(spans.get(request), error));
}

/** The task, or a library that it uses, may send its own. */
function hasTraceparent(headers: RequestMessage["request"]["headers"]): boolean {
  if (typeof headers === "string") return /^traceparent:/im.test(headers);
  return headers.some((one, at) => at % 2 === 0 && `${one}`.toLowerCase() === "traceparent");
}

function fail(span: Span | undefined, error: unknown): void {
  span?.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage(error) }).end();
}

/**
 * The client of a hook; each call of one of its methods is a span. A method keeps its own
 * properties, and runs on the client itself, which may have private members.
 */
export function tracedClient<Client>(tracer: Tracer, client: Client, connectionId: string): Client {
  if (typeof client !== "object" || client === null) return client;
  return new Proxy(client, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      // A constant property of a proxy must be the property of its target.
      const own = Reflect.getOwnPropertyDescriptor(target, key);
      const isConstant = own?.configurable === false && own.writable === false;
      if (typeof value !== "function" || isConstant) return value;
      if (typeof key !== "string") return value.bind(target);
      return new Proxy(value, {
        apply: (call, _self, args) =>
          tracedCall(tracer, `${connectionId}.${key}`, () => Reflect.apply(call, target, args)),
      });
    },
    // Setters and private members accept the client itself only.
    set: (target, key, value) => Reflect.set(target, key, value),
  });
}

/** A span around a call: until its promise ends, when it returns one. */
function tracedCall<Result>(tracer: Tracer, name: string, call: () => Result): Result {
  return tracer.startActiveSpan(name, { kind: SpanKind.CLIENT }, (span) => {
    try {
      const result = call();
      if (!(result instanceof Promise)) span.end();
      else
        result.then(
          () => span.end(),
          (error: unknown) => fail(span, error),
        );
      return result;
    } catch (error) {
      fail(span, error);
      throw error;
    }
  });
}
