/**
 * The server of the Model Context Protocol, over stdin and stdout. Each tool is a
 * command, and answers with the document that the command prints with `--json`.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import { loadPackage } from "../../../sdk/load_package.ts";
import { answerText } from "../../words/tool_answer.ts";
import { type AnyCommand, type Cli, describeError } from "../command.ts";
import { packageVersion } from "../version.ts";
import { commandCall, inputSchema, toolName } from "./command_tool.ts";

/** A command that a client may call. */
export interface Tool {
  readonly command: AnyCommand;
  /** Whether it changes nothing. */
  readonly isReadOnly: boolean;
}

/**
 * Serves tools until the client closes the connection.
 * @throws DagsmithError PACKAGE_MISSING when the package of the protocol is not installed
 */
export async function serveTools(cli: Cli, tools: readonly Tool[]): Promise<void> {
  const { Server, StdioServerTransport, CallToolRequestSchema, ListToolsRequestSchema } =
    await loadProtocol();
  const byName = new Map(tools.map((tool) => [toolName(tool.command), tool]));
  const server = new Server(
    { name: "dagsmith", version: packageVersion() },
    { capabilities: { tools: {} } },
  );
  server.setRequestHandler(ListToolsRequestSchema, async () => ({
    tools: tools.map(({ command, isReadOnly }) => ({
      name: toolName(command),
      description: [command.summary, command.more].filter(Boolean).join(". "),
      inputSchema: { ...inputSchema(command), required: [...inputSchema(command).required] },
      annotations: { readOnlyHint: isReadOnly },
    })),
  }));
  server.setRequestHandler(
    CallToolRequestSchema,
    async ({ params: { name, arguments: input } }) => {
      const { text, failed } = await answer(cli, byName.get(name)?.command, name, input ?? {});
      return { content: [{ type: "text" as const, text }], isError: failed };
    },
  );
  const closed = Promise.withResolvers<void>();
  server.onclose = () => closed.resolve();
  process.stdin.once("end", () => closed.resolve());
  await server.connect(new StdioServerTransport());
  await closed.promise;
}

async function answer(
  cli: Cli,
  command: AnyCommand | undefined,
  name: string,
  input: Readonly<Record<string, unknown>>,
): Promise<{ readonly text: string; readonly failed: boolean }> {
  try {
    if (!command)
      throw new DagsmithError("INVALID_ARGUMENT", {
        argument: name,
        reason: "there is no such tool",
      });
    const { args, options } = commandCall(command, input);
    const { json, failed = false } = await command.run(
      silent(cli),
      args as never[],
      options as never,
    );
    return { text: answerText(json), failed };
  } catch (error) {
    const { code, message } = describeError(error);
    return { text: JSON.stringify({ error: { code, message } }), failed: true };
  }
}

/** The protocol has stdout for itself. */
function silent(cli: Cli): Cli {
  const say = (): void => undefined;
  return { ...cli, json: true, say, terminal: { ...cli.terminal, isInteractive: false, out: say } };
}

async function loadProtocol() {
  const load = async () => {
    const [{ Server }, { StdioServerTransport }, types] = await Promise.all([
      import("@modelcontextprotocol/sdk/server/index.js"),
      import("@modelcontextprotocol/sdk/server/stdio.js"),
      import("@modelcontextprotocol/sdk/types.js"),
    ]);
    return { Server, StdioServerTransport, ...types };
  };
  return loadPackage("`dag mcp`", "@modelcontextprotocol/sdk", load);
}
