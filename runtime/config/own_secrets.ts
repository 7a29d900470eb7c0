/** The secrets of dagsmith itself: the masker hides them, and tasks do not get them. */
import { decoded, passwordsIn } from "./database.ts";
import type { Environment } from "./environment.ts";

/** Shorter texts occur by chance, and are not masked either. */
const LEAST_SECRET = 5;

export function ownSecrets(environment: Environment): readonly string[] {
  const { DATABASE_URL, DATABASE_URL_DIRECT, DAG_SECRET_KEY, DAG_WEB_TOKEN } = environment;
  const { DAG_DEPLOY_TOKEN, DAG_OIDC_CLIENT_SECRET, PGPASSWORD, VAULT_TOKEN } = environment;
  const { DAG_XCOM_CONNECTION } = environment;
  const { OPENLINEAGE_API_KEY, OTEL_EXPORTER_OTLP_ENDPOINT } = environment;
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS } = environment;
  const { OTEL_EXPORTER_OTLP_TRACES_HEADERS } = environment;
  return [
    ...[DATABASE_URL, DATABASE_URL_DIRECT].flatMap(passwordsIn),
    ...(DAG_SECRET_KEY ?? "").split(/[\s,]+/),
    ...[DAG_WEB_TOKEN, DAG_DEPLOY_TOKEN, DAG_OIDC_CLIENT_SECRET, PGPASSWORD, VAULT_TOKEN],
    ...[OPENLINEAGE_API_KEY, DAG_XCOM_CONNECTION],
    ...[OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT].flatMap(passwordsIn),
    ...[OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_TRACES_HEADERS].flatMap(headerValues),
  ].filter((secret) => secret !== undefined && secret.length >= LEAST_SECRET) as string[];
}

/** Of `name=value,name=value`, as they are and decoded. `Bearer abc` has the secret `abc`. */
function headerValues(headers: string | undefined): readonly string[] {
  const values = (headers ?? "").split(",").map((one) => one.slice(one.indexOf("=") + 1).trim());
  return values
    .flatMap((value) => [value, decoded(value)])
    .flatMap((value) => {
      return [value, value.slice(value.lastIndexOf(" ") + 1)];
    });
}
