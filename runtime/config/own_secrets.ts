/** The secrets of dagsmith itself: the masker hides them, and tasks do not get them. */
import { passwordsIn } from "./database.ts";
import type { Environment } from "./environment.ts";

/** Shorter texts occur by chance, and are not masked either. */
const LEAST_SECRET = 5;

export function ownSecrets(environment: Environment): readonly string[] {
  const { DATABASE_URL, DATABASE_URL_DIRECT, DAG_SECRET_KEY, DAG_WEB_TOKEN } = environment;
  const { DAG_DEPLOY_TOKEN, DAG_OIDC_CLIENT_SECRET, PGPASSWORD, VAULT_TOKEN } = environment;
  const { OPENLINEAGE_API_KEY } = environment;
  return [
    ...[DATABASE_URL, DATABASE_URL_DIRECT].flatMap(passwordsIn),
    ...(DAG_SECRET_KEY ?? "").split(/[\s,]+/),
    ...[DAG_WEB_TOKEN, DAG_DEPLOY_TOKEN, DAG_OIDC_CLIENT_SECRET, PGPASSWORD, VAULT_TOKEN],
    OPENLINEAGE_API_KEY,
  ].filter((secret) => secret !== undefined && secret.length >= LEAST_SECRET) as string[];
}
