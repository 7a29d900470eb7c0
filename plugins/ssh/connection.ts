/** The connection type `ssh`, in Airflow's fields. No message shows a secret. */
import { connectionType } from "dagsmith";
import { z } from "zod";
import type { SshConfig } from "./config.ts";
import { type KnownKey, readHostKeys } from "./host_key.ts";

const DEFAULT_PORT = 22;

const fields = z.object({
  host: z.string("is missing: give the name of the host").meta({ title: "Host" }),
  port: z.int().min(1).max(65_535).default(DEFAULT_PORT).meta({ title: "Port" }),
  login: z.string("is missing: give the user on the host").meta({ title: "User" }),
  password: z.string().optional().meta({ title: "Password", writeOnly: true }),
  private_key: z
    .string()
    .optional()
    .meta({ title: "Private key", description: "Its text.", writeOnly: true }),
  key_file: z
    .string()
    .optional()
    .meta({ title: "File of the private key", description: "On the machine of the worker." }),
  private_key_passphrase: z
    .string()
    .optional()
    .meta({ title: "Passphrase of the private key", writeOnly: true }),
  host_key: z.string().optional().meta({
    title: "Host key",
    description: "As ssh-keyscan prints it, or its SHA256 fingerprint; several in several lines.",
  }),
  host_check: z.enum(["strict", "none"]).default("strict").meta({
    title: "Check of the host",
    description: "With none, any machine that answers gets the login.",
  }),
});

/** The connection type `ssh`, and `sftp` for the same host. */
export const sshConnection = connectionType({
  id: "ssh",
  aliases: ["sftp"],
  title: "SSH host",
  description: "Commands by SSH and files by SFTP. The type sftp is the same.",
  example: "ssh://etl:secret@files.example.com?host_key=ssh-ed25519%20AAAAC3NzaC1lZDI1NTE5AAAA",
  fields: fields.transform((given, { addIssue }): SshConfig => {
    const { host, port, login, password, key_file, host_check } = given;
    const { private_key: privateKey, private_key_passphrase: passphrase } = given;
    if (privateKey && key_file) addIssue("has private_key and key_file: leave one of them out");
    if (!password && !privateKey && !key_file)
      addIssue("has no login: give password, private_key or key_file");
    const hostKeys = hostKeysOf(given.host_key, addIssue);
    return {
      ...{ host, port, user: login, hostKeys: host_check === "none" ? null : hostKeys },
      ...(password && { password }),
      ...(privateKey && { privateKey }),
      ...(key_file && { keyFile: key_file }),
      ...(passphrase && { passphrase }),
    };
  }),
  test: async (config, context, { id }) => {
    const { trySsh } = await import("./open_ssh.ts");
    return trySsh(id, config, context);
  },
});

function hostKeysOf(
  text: string | undefined,
  addIssue: (message: string) => void,
): readonly KnownKey[] {
  const keys = readHostKeys(text ?? "");
  if (keys !== null) return keys;
  addIssue(
    "host_key has a line that is neither a key, such as ssh-ed25519 AAAA…, nor a fingerprint, such as SHA256:…; a line that begins with @, such as @revoked, is refused too",
  );
  return [];
}
