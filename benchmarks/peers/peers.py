"""Times igraph and NetworKit, on one thread, on a list of edges.

    python peers.py EDGES NODES TASK...

EDGES is a file of little-endian 32-bit integers, source and target in turn, without loops and parallel edges; TASK is one of
leiden, components, pagerank, core. Prints one JSON line a task and library: {"library", "version", "task", "seconds"} and what
the task found, so that the caller can compare. Only the algorithm is timed, not the building of the graph, as for ours.
"""

import json
import sys
import time

import igraph
import networkit
import numpy

path, nodes, tasks = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
networkit.setNumberOfThreads(1)
networkit.setSeed(1, False)
ends = numpy.fromfile(path, dtype="<i4").reshape(-1, 2)


def timed(library, task, run, describe):
    start = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - start
    version = {"igraph": igraph.__version__, "NetworKit": networkit.__version__}[library]
    print(json.dumps({"library": library, "version": version, "task": task, "seconds": seconds, **describe(result)}), flush=True)


def run_igraph():
    graph = igraph.Graph(n=nodes, edges=ends)
    # Components first: igraph caches them, and only the first run is work.
    if "components" in tasks:
        timed("igraph", "components", graph.connected_components, lambda parts: {"count": len(parts)})
    if "core" in tasks:
        timed("igraph", "core", graph.coreness, lambda cores: {"max": max(cores)})
    if "pagerank" in tasks:
        timed("igraph", "pagerank", graph.pagerank, lambda ranks: {"max": max(ranks)})
    if "leiden" in tasks:
        timed(
            "igraph",
            "leiden",
            lambda: graph.community_leiden(objective_function="modularity"),
            lambda parts: {"modularity": parts.modularity, "count": len(parts)},
        )


def run_networkit():
    graph = networkit.GraphFromCoo((ends[:, 0].astype(numpy.uint64), ends[:, 1].astype(numpy.uint64)), n=nodes)
    if "components" in tasks:
        timed(
            "NetworKit",
            "components",
            lambda: networkit.components.ConnectedComponents(graph).run(),
            lambda found: {"count": found.numberOfComponents()},
        )
    if "core" in tasks:
        timed(
            "NetworKit",
            "core",
            lambda: networkit.centrality.CoreDecomposition(graph).run(),
            lambda found: {"max": found.maxCoreNumber()},
        )
    if "pagerank" in tasks:
        # Without a sink rule NetworKit loses the rank of nodes without links, and its scores do not sum to 1.
        rule = networkit.centrality.SinkHandling.DistributeSinks
        timed(
            "NetworKit",
            "pagerank",
            lambda: networkit.centrality.PageRank(graph, distributeSinks=rule).run(),
            lambda found: {"max": max(found.scores())},
        )
    if "leiden" in tasks:
        timed(
            "NetworKit",
            "leiden",
            lambda: networkit.community.ParallelLeiden(graph).run().getPartition(),
            lambda parts: {
                "modularity": networkit.community.Modularity().getQuality(parts, graph),
                "count": parts.numberOfSubsets(),
            },
        )


run_igraph()
run_networkit()
