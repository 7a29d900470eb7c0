/** Where the page and the metrics listen, and how people and proxies reach the page. */
import { isIP } from "node:net";
import type { Setting } from "./environment.ts";
import { refused, wholeNumber } from "./values.ts";

export interface AddressSettings {
  readonly web: WebSettings;
  /**
   * DAG_METRICS_PORT: where each service answers with its metrics and probes; null: it
   * does not. DAG_METRICS_HOST: the address it listens on, default 127.0.0.1.
   */
  readonly metrics: Listening;
  /**
   * DAG_BASE_URL: the address of the page as people reach it, without "/" at its end.
   * Null: messages have no links.
   */
  readonly baseUrl: string | null;
}

interface Listening {
  readonly host: string;
  readonly port: number | null;
}

/** DAG_WEB_HOST (default 127.0.0.1) and DAG_WEB_PORT (null when not set). */
interface WebSettings extends Listening {
  /** DAG_WEB_TOKEN. */
  readonly token: string | null;
  /** DAG_TRUSTED_PROXIES: addresses and networks, separated by commas. */
  readonly trustedProxies: readonly string[];
  /** Null: the page answers without TLS. */
  readonly tls: TlsFiles | null;
}

/** DAG_TLS_CERTIFICATE and DAG_TLS_KEY: paths of PEM files. */
interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/** @throws DagsmithError INVALID_ARGUMENT */
export function addressSettings(setting: Setting): AddressSettings {
  return {
    web: {
      ...listening(setting, "DAG_WEB_HOST", "DAG_WEB_PORT"),
      token: setting("DAG_WEB_TOKEN"),
      trustedProxies: trustedProxies(setting("DAG_TRUSTED_PROXIES")),
      tls: tlsFiles(setting("DAG_TLS_CERTIFICATE"), setting("DAG_TLS_KEY")),
    },
    metrics: listening(setting, "DAG_METRICS_HOST", "DAG_METRICS_PORT"),
    baseUrl: baseUrl(setting("DAG_BASE_URL")),
  };
}

function listening(setting: Setting, hostName: string, portName: string): Listening {
  return { host: setting(hostName) ?? "127.0.0.1", port: port(setting, portName) };
}

/** 0: any free port. */
function port(setting: Setting, name: string): number | null {
  if (setting(name) === null) return null;
  return wholeNumber(setting, name, { otherwise: 0, min: 0, max: 65_535 });
}

/**
 * Addresses of proxies, and networks such as 10.0.0.0/8. `loopback` is this machine.
 * @throws DagsmithError INVALID_ARGUMENT
 */
function trustedProxies(value: string | null): readonly string[] {
  const given = (value ?? "").split(",").map((one) => one.trim());
  const proxies = given.filter((one) => one !== "");
  const wrong = proxies.find((one) => one !== "loopback" && !isNetwork(one));
  if (wrong === undefined) return proxies;
  return refused(
    "DAG_TRUSTED_PROXIES",
    `"${wrong}" is neither an address, nor a network such as 10.0.0.0/8, nor "loopback"`,
  );
}

/** @throws DagsmithError INVALID_ARGUMENT when only one of them is set */
function tlsFiles(certificate: string | null, key: string | null): TlsFiles | null {
  if (certificate === null && key === null) return null;
  if (certificate === null)
    return refused("DAG_TLS_CERTIFICATE", "it must be set, because DAG_TLS_KEY is");
  if (key === null) return refused("DAG_TLS_KEY", "it must be set, because DAG_TLS_CERTIFICATE is");
  return { certificate, key };
}

function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const isPrefix = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
  return most > 0 && isPrefix && rest.length === 0;
}

/** @throws DagsmithError INVALID_ARGUMENT */
function baseUrl(value: string | null): string | null {
  if (value === null) return null;
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "")
    return refused(
      "DAG_BASE_URL",
      "it must be the address of the page, such as https://dagsmith.example.org",
    );
  return url.href.replace(/\/+$/, "");
}
