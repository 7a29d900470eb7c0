/**
 * AWS Secrets Manager: `<prefix>connections/<id>` and `<prefix>variables/<key>`. The only
 * file that knows its client, which is loaded when a secret is asked for.
 */
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { parseConnection } from "../../../sdk/connection.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import { once } from "../../../sdk/once.ts";
import type { SecretOwner } from "../encryption.ts";
import { pathOf, type SecretSource, sourceFailed } from "./source.ts";

const PACKAGE = "@aws-sdk/client-secrets-manager";
const ATTEMPTS = 3;

/**
 * The SDK finds region, credentials and endpoint as everywhere: AWS_REGION,
 * AWS_ENDPOINT_URL_SECRETS_MANAGER, a profile, the role of the machine.
 * @param prefix with "/" at its end, or empty
 */
export function awsSource(prefix: string): SecretSource {
  const client = once(openClient);
  const read = async (owner: SecretOwner): Promise<string | null> => {
    const name = pathOf(prefix, owner);
    if (name === null) return null;
    return (await client()).read(name, owner);
  };
  return {
    name: "aws",
    connection: async (id) => {
      const text = await read({ kind: "connection", id });
      return text === null ? null : parseConnection(id, text);
    },
    variable: (key) => read({ kind: "variable", id: key }),
  };
}

interface Client {
  read(name: string, owner: SecretOwner): Promise<string | null>;
}

async function openClient(): Promise<Client> {
  const sdk = await import("@aws-sdk/client-secrets-manager").catch(() => {
    throw new DagsmithError("SECRET_SOURCE_UNUSABLE", {
      source: "aws",
      reason: `it needs the package ${PACKAGE}. Install it: npm install ${PACKAGE}`,
    });
  });
  const client: SecretsManagerClient = new sdk.SecretsManagerClient({ maxAttempts: ATTEMPTS });
  return {
    read: async (name, owner) => {
      try {
        const found = await client.send(new sdk.GetSecretValueCommand({ SecretId: name }));
        if (found.SecretString === undefined)
          throw sourceFailed("aws", owner, "the secret is bytes and no text");
        return found.SecretString;
      } catch (error) {
        if (error instanceof DagsmithError) throw error;
        const { name: problem } = error as Error;
        if (problem === "ResourceNotFoundException") return null;
        // Without the message, which may quote the request.
        throw sourceFailed("aws", owner, problem);
      }
    },
  };
}
