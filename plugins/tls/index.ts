/**
 * dagsmith/plugins/tls: what plugins share that speak TLS: fields of connections with PEM
 * text, and the errors of a refused certificate.
 */
export { authorityField, clientCertificateField, clientKeyField } from "./pem_fields.ts";
export { isTlsCode } from "./tls_code.ts";
