/** Opens a client of Google Cloud Storage. */
import { type HookContext, loadPackage } from "dagsmith";
import type { GcsConfig } from "./config.ts";
import { GcsSession } from "./gcs_session.ts";

/** Google's client finds the login and signs; it has no way to end a request. */
export async function openSession(
  config: GcsConfig,
  { signal, log }: HookContext,
): Promise<GcsSession> {
  const { Storage } = await loadPackage(
    "gcsHook()",
    "@google-cloud/storage",
    () => import("@google-cloud/storage"),
  );
  const { endpoint, ...login } = config;
  const storage = new Storage({
    ...login,
    ...(endpoint && { apiEndpoint: endpoint, useAuthWithCustomEndpoint: !isEmpty(login) }),
  });
  return new GcsSession({ storage, config, signal, log });
}

const isEmpty = (login: object): boolean => Object.keys(login).length === 0;
