/** The codes of errors of TLS. Pure. */

const TLS_CODE = /^(CERT_|ERR_TLS_|ERR_SSL_|EPROTO|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/;

/**
 * Whether the code of an error of a connection says that a certificate, or the protocol
 * of TLS, was refused. Such an error stays the same in a retry.
 * @example isTlsCode("CERT_HAS_EXPIRED"); // true
 */
export function isTlsCode(code: unknown): boolean {
  return TLS_CODE.test(String(code));
}
