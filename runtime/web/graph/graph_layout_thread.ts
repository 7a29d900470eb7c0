/** The thread that places a graph: one graph in, one layout out, then it ends. */
import { parentPort, workerData } from "node:worker_threads";
import type { GraphRequest } from "./graph_layout.ts";
import { placeGraph } from "./layout_graph.ts";

parentPort?.postMessage(placeGraph(workerData as GraphRequest));
