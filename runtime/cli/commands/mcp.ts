/** `dag mcp`: commands as tools for coding agents, by the Model Context Protocol. */
import { type AnyCommand, command } from "../command.ts";

/** The commands that become tools. */
export interface McpCommands {
  readonly reading: readonly AnyCommand[];
  /** Offered with --act only. */
  readonly acting: readonly AnyCommand[];
}

export function mcp({ reading, acting }: McpCommands): AnyCommand {
  return command({
    usage: "mcp",
    summary: "Serve commands as tools for coding agents (Model Context Protocol, over stdio)",
    more: "Needs the package @modelcontextprotocol/sdk. Without --act it offers only tools that change nothing.",
    options: [{ flags: "--act", text: "also offer tools that change something, such as trigger" }],
    example: "dag mcp --act",
    document: async () => (await import("../documents/project.ts")).served,
    run: async (cli, _args, { act }: { readonly act?: true }) => {
      const { serveTools } = await import("../mcp/server.ts");
      const tools = [
        ...reading.map((one) => ({ command: one, isReadOnly: true })),
        ...(act ? acting.map((one) => ({ command: one, isReadOnly: false })) : []),
      ];
      await serveTools(cli, tools);
      return { json: { closed: true }, lines: [] };
    },
  });
}
