"""Reads GraphML or GEXF with networkx and prints what it found as one line of JSON: a reader that this project did not write."""

import json
import sys

import networkx

kind, path = sys.argv[1:]
graph = networkx.read_graphml(path) if kind == "graphml" else networkx.read_gexf(path)
nodes = {name: dict(data) for name, data in graph.nodes(data=True)}
edges = [
    [source, target, dict(data), key if isinstance(key, str) else None]
    for source, target, key, data in (
        graph.edges(keys=True, data=True)
        if graph.is_multigraph()
        else ((a, b, None, data) for a, b, data in graph.edges(data=True))
    )
]
json.dump({"directed": graph.is_directed(), "nodes": nodes, "edges": edges}, sys.stdout)
