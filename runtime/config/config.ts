/**
 * The environment, read in one place and checked once. Nothing else in runtime/ reads
 * `process.env`, so a deployment may set what this room parses, one file for each matter.
 */
import { parseRetention, type Retention } from "../retention.ts";
import { type AddressSettings, addressSettings } from "./addresses.ts";
import { type DatabaseSettings, databaseSettings } from "./database.ts";
import { type DeploySettings, deploySettings } from "./deploy.ts";
import { type Environment, settingOf } from "./environment.ts";
import { type EnvironmentSecrets, environmentSecrets } from "./environment_secrets.ts";
import { type FileSettings, fileSettings } from "./files.ts";
import { type LogSettings, logSettings } from "./logs.ts";
import { type OidcSettings, oidcSettings } from "./oidc.ts";
import { ownSecrets } from "./own_secrets.ts";
import { type PersonSettings, personSettings } from "./person.ts";
import { type ProcessSettings, processSettings } from "./processes.ts";
import { type ReportSettings, reportSettings } from "./reports.ts";
import { type SecretSourceSettings, secretSources } from "./secret_sources.ts";
import { parsed } from "./values.ts";
import { type WorkerSettings, workerSettings } from "./worker.ts";

export interface Config
  extends AddressSettings,
    DatabaseSettings,
    DeploySettings,
    FileSettings,
    LogSettings,
    PersonSettings,
    ProcessSettings,
    ReportSettings,
    WorkerSettings {
  /** Null: users log in with a password only. */
  readonly oidc: OidcSettings | null;
  /**
   * DAG_RETENTION: at what age the scheduler deletes history. Default: it keeps all of
   * it.
   */
  readonly retention: Retention;
  /**
   * The secrets of dagsmith itself, for the masker: passwords of its database, key and
   * token.
   */
  readonly ownSecrets: readonly string[];
  /** DAG_CONN_<ID> and DAG_VAR_<KEY>. */
  readonly secrets: EnvironmentSecrets;
  readonly secretSources: SecretSourceSettings;
}

/**
 * Reads the environment.
 * @throws DagsmithError INVALID_ARGUMENT naming the variable that holds no usable value
 */
export function readConfig(environment: Environment = process.env): Config {
  const setting = settingOf(environment);
  return {
    ...addressSettings(setting),
    ...databaseSettings(setting, environment),
    ...deploySettings(setting),
    ...fileSettings(setting),
    ...logSettings(setting),
    ...personSettings(setting),
    ...processSettings(setting, environment),
    ...reportSettings(setting),
    ...workerSettings(setting),
    oidc: oidcSettings(setting),
    retention: retention(setting("DAG_RETENTION")),
    ownSecrets: ownSecrets(environment),
    secrets: environmentSecrets(environment),
    secretSources: secretSources(setting),
  };
}

function retention(text: string | null): Retention {
  return text === null ? {} : parsed("DAG_RETENTION", text, parseRetention);
}
