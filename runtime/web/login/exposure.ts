/** Whether passwords, tokens and pages cross a network that others may read. */
import { isLoopback } from "./loopback.ts";

interface Reach {
  readonly host: string;
  readonly hasTls: boolean;
  /** Proxies in front of the page, which may terminate TLS. */
  readonly trustedProxies: readonly string[];
}

/** Undefined when the page is safe to reach, as far as this process knows. */
export function exposureWarning({ host, hasTls, trustedProxies }: Reach): string | undefined {
  if (isLoopback(host) || hasTls || trustedProxies.length > 0) return undefined;
  return "other machines reach the page without TLS, and can read passwords on the way: set DAG_TLS_CERTIFICATE and DAG_TLS_KEY, or DAG_TRUSTED_PROXIES behind a proxy with TLS";
}
