/** Where `dag deploy --to` sends a folder, and with which token. */
import type { Setting } from "./environment.ts";

export interface DeploySettings {
  readonly deploy: {
    /** DAG_DEPLOY_TO: the address of the page of another deployment. */
    readonly to: string | null;
    /** DAG_DEPLOY_TOKEN: an API token with the scope dag.deploy. */
    readonly token: string | null;
  };
}

export function deploySettings(setting: Setting): DeploySettings {
  return { deploy: { to: setting("DAG_DEPLOY_TO"), token: setting("DAG_DEPLOY_TOKEN") } };
}
