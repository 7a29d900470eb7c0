/** Which failures of a request stay the same in a retry, whatever store was asked. */

const LASTING = [400, 401, 403, 404, 405, 409, 411, 413];
const TLS_CODE = /^(CERT_|ERR_TLS_|ERR_SSL_|EPROTO|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/;

/**
 * Whether an answer with this status of HTTP stays the same in a retry.
 * @example if (isLastingStatus(404)) throw new FailTask("there is no such bucket");
 */
export function isLastingStatus(status: number): boolean {
  return LASTING.includes(status);
}

/**
 * Whether the code of an error of a connection says that a certificate, or the protocol
 * of TLS, was refused. Such an error stays the same in a retry.
 * @example isTlsCode("CERT_HAS_EXPIRED"); // true
 */
export function isTlsCode(code: unknown): boolean {
  return TLS_CODE.test(String(code));
}
