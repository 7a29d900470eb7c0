/** SSH servers within the test, which do what no OpenSSH can be made to do. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import ssh2, { type FileEntry, type Session, type SFTPWrapper } from "ssh2";

const { private: PRIVATE_KEY, public: PUBLIC_KEY } = ssh2.utils.generateKeyPairSync("ed25519");

export interface SshServer extends AsyncDisposable {
  readonly port: number;
  readonly publicKey: string;
  /** A connection that logs in and takes any host. */
  readonly connection: {
    readonly type: "ssh";
    readonly host: string;
    readonly port: number;
    readonly login: string;
    readonly password: string;
    readonly extra: { readonly host_check: "none" };
  };
  /** Breaks all connections. */
  readonly drop: () => void;
}

/**
 * A server that takes the password `right`.
 * @param serve called for each session; undefined when the server refuses sessions
 */
export async function sshServer(serve?: (session: Session) => void): Promise<SshServer> {
  const sockets = new Set<Socket>();
  const ssh = new ssh2.Server({ hostKeys: [PRIVATE_KEY] }, (client) => {
    client.on("error", () => undefined);
    client.on("authentication", (login) =>
      login.method === "password" && login.password === "right"
        ? login.accept()
        : login.reject(["password"]),
    );
    client.on("session", (accept, reject) => (serve ? serve(accept()) : reject()));
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    ssh.injectSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    ...{ port, publicKey: PUBLIC_KEY, drop },
    connection: {
      ...{ type: "ssh", host: "127.0.0.1", port, login: "etl", password: "right" },
      extra: { host_check: "none" },
    },
    [Symbol.asyncDispose]: async () => {
      drop();
      server.close();
      await once(server, "close");
    },
  };
}

/** The code of an answer; null for no answer, undefined for what the files make of it. */
export type Answer = (verb: string, path: string) => number | null | undefined;

const [OK, EOF, NO_SUCH_FILE, FAILURE] = [0, 1, 2, 4];

/**
 * Serves files of one folder by plain SFTP: it names no extension, and a rename replaces
 * no file.
 */
export const plainSftp =
  (files: Map<string, string>, answer: Answer = () => undefined) =>
  (session: Session): void => {
    session.on("sftp", (accept) => serveFiles(accept(), files, answer));
  };

function serveFiles(sftp: SFTPWrapper, files: Map<string, string>, answer: Answer): void {
  /** The paths of open files and folders, by handle. */
  const handles: string[] = [];
  const opened = (id: number, path: string): void =>
    sftp.handle(id, Buffer.from([handles.push(path) - 1]));
  const pathOf = (handle: Buffer): string => handles[handle[0] ?? 0] ?? "";
  const attrsOf = (content: string) => ({
    ...{ mode: 0o100_644, uid: 0, gid: 0, atime: 0, mtime: 0 },
    size: content.length,
  });
  /** The code that the test wants, else what the files make of it. */
  const answered = (verb: string, id: number, path: string, usual: () => number | undefined) => {
    const asked = answer(verb, path);
    const code = asked === undefined ? usual() : asked;
    if (typeof code === "number") sftp.status(id, code);
  };
  const stat = (id: number, path: string): void =>
    answered("stat", id, path, () => {
      const content = files.get(path);
      if (content === undefined) return NO_SUCH_FILE;
      return void sftp.attrs(id, attrsOf(content));
    });
  sftp.on("STAT", stat).on("LSTAT", stat);
  sftp.on("OPEN", (id, path, flags) =>
    answered("open", id, path, () => {
      if (flags & ssh2.utils.sftp.OPEN_MODE.CREAT) files.set(path, "");
      return void opened(id, path);
    }),
  );
  sftp.on("FSETSTAT", (id) => sftp.status(id, OK));
  sftp.on("WRITE", (id, handle, _offset, data) =>
    answered("write", id, pathOf(handle), () => {
      files.set(pathOf(handle), `${files.get(pathOf(handle))}${data.toString()}`);
      return OK;
    }),
  );
  sftp.on("READ", (id, handle, offset, length) =>
    answered("read", id, pathOf(handle), () => {
      const rest = (files.get(pathOf(handle)) ?? "").slice(offset, offset + length);
      return rest === "" ? EOF : void sftp.data(id, Buffer.from(rest));
    }),
  );
  sftp.on("CLOSE", (id) => sftp.status(id, OK));
  sftp.on("OPENDIR", (id, path) => answered("list", id, path, () => void opened(id, "all")));
  sftp.on("READDIR", (id, handle) => {
    const rest = pathOf(handle);
    handles[handle[0] ?? 0] = "";
    if (rest === "") return sftp.status(id, EOF);
    sftp.name(id, [...files].map(entryOf));
  });
  const entryOf = ([filename, content]: readonly [string, string]): FileEntry => ({
    ...{ filename, longname: filename, attrs: attrsOf(content) },
  });
  sftp.on("REMOVE", (id, path) =>
    answered("remove", id, path, () => (files.delete(path) ? OK : NO_SUCH_FILE)),
  );
  sftp.on("RENAME", (id, from, to) =>
    answered("rename", id, from, () => {
      const content = files.get(from);
      if (content === undefined) return NO_SUCH_FILE;
      if (files.has(to)) return FAILURE;
      files.delete(from);
      files.set(to, content);
      return OK;
    }),
  );
}
