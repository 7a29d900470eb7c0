/** Where traces and lineage go, in the standard variables of OpenTelemetry and OpenLineage. */
import type { Setting } from "./environment.ts";
import { refused } from "./values.ts";

export interface ReportSettings {
  /**
   * Null: no traces. OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT turns
   * them on; OTEL_SDK_DISABLED=true and OTEL_TRACES_EXPORTER=none turn them off.
   */
  readonly traces: TraceSettings | null;
  /** Null: no lineage. OPENLINEAGE_URL turns it on; OPENLINEAGE_DISABLED=true, off. */
  readonly lineage: LineageSettings | null;
}

interface TraceSettings {
  /** OTEL_SERVICE_NAME. Default `dagsmith`. */
  readonly serviceName: string;
}

interface LineageSettings {
  /** OPENLINEAGE_URL, and the path OPENLINEAGE_ENDPOINT, default `api/v1/lineage`. */
  readonly url: string;
  /** OPENLINEAGE_API_KEY. */
  readonly apiKey: string | null;
  /** OPENLINEAGE_NAMESPACE. Default `dagsmith`. */
  readonly namespace: string;
}

export function reportSettings(setting: Setting): ReportSettings {
  return { traces: traceSettings(setting), lineage: lineageSettings(setting) };
}

/** @throws DagsmithError INVALID_ARGUMENT */
function lineageSettings(setting: Setting): LineageSettings | null {
  const base = setting("OPENLINEAGE_URL");
  if (base === null || setting("OPENLINEAGE_DISABLED")?.toLowerCase() === "true") return null;
  const path = setting("OPENLINEAGE_ENDPOINT") ?? "api/v1/lineage";
  const url = URL.parse(path, base.endsWith("/") ? base : `${base}/`);
  if (url === null || !/^https?:$/.test(url.protocol))
    refused("OPENLINEAGE_URL", "allowed: an address that starts with http: or https:");
  // An error of a request repeats its address, and errors are logged.
  if (url.username !== "" || url.password !== "")
    refused("OPENLINEAGE_URL", "allowed: no user and no password; set OPENLINEAGE_API_KEY");
  const namespace = setting("OPENLINEAGE_NAMESPACE") ?? "dagsmith";
  return { url: url.href, apiKey: setting("OPENLINEAGE_API_KEY"), namespace };
}

function traceSettings(setting: Setting): TraceSettings | null {
  const endpoint =
    setting("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") ?? setting("OTEL_EXPORTER_OTLP_ENDPOINT");
  const isOff =
    setting("OTEL_SDK_DISABLED")?.toLowerCase() === "true" ||
    setting("OTEL_TRACES_EXPORTER") === "none";
  const serviceName = setting("OTEL_SERVICE_NAME") ?? "dagsmith";
  return endpoint === null || isOff ? null : { serviceName };
}
