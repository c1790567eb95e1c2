"""KServe's own model server on loopback, with a small scikit-learn model behind the names of LiftWing.

usage: server.py PORT_FILE    (the port is written there; SIGTERM stops the server)
"""

import base64
import os
import socket
import sys
import zlib

import kserve
import numpy as np
import uvicorn
from sklearn.linear_model import LogisticRegression

FEATURES = 8
NAMES = """
article-country article-descriptions articlequality articlequality_v2 outlink-topic-model edit-check
editing-suggestions qwen3-embedding langid logo-detection readability reference-need reference-risk
revertrisk-language-agnostic revertrisk-multilingual revertrisk-wikidata
enwiki-goodfaith enwiki-damaging enwiki-draftquality enwiki-drafttopic enwiki-articlequality
enwiki-articletopic viwiki-reverted
""".split()


def train():
    """A classifier of random points by the sign of a fixed sum: real work for `predict`, the same each time."""
    points = np.random.default_rng(7).normal(size=(400, FEATURES))
    labels = points @ np.arange(1, FEATURES + 1) > 0
    return LogisticRegression().fit(points, labels)


def features(value):
    """Numbers that depend on everything the client sent: a changed body gives a changed answer."""
    return np.random.default_rng(zlib.crc32(repr(value).encode())).normal(size=FEATURES)


class LiftWingModel(kserve.Model):
    def __init__(self, name, classifier):
        super().__init__(name)
        self.classifier = classifier
        self.load()

    def probability(self, value):
        return float(self.classifier.predict_proba([features(value)])[0][1])

    def answer(self, value):
        true = self.probability(value)
        return {"prediction": true > 0.5, "probabilities": {"true": true, "false": 1 - true}}

    async def predict(self, payload, headers=None):
        if "input" in payload:
            return {"data": [[float(x) for x in features(text)] for text in payload["input"]]}
        if "instances" in payload:
            return {"predictions": [self.instance(instance) for instance in payload["instances"]]}
        number = payload.get("rev_id", payload.get("page_id"))
        if number is not None and not isinstance(number, int):
            raise kserve.errors.InvalidInput(f"rev_id and page_id must be integers, got {number!r}")
        return {"model_name": self.name, "lang": payload.get("lang"), "output": self.answer(payload)}

    def instance(self, instance):
        if "image" in instance:
            size = len(base64.b64decode(instance["image"], validate=True))
            return {"filename": instance["filename"], "target": instance["target"], "bytes": size}
        return {"status_code": 200, "model_name": self.name, **self.answer(instance)}


def on_loopback(config):
    """KServe listens on all interfaces and offers no setting; a test must not."""

    def make(app, **settings):
        return config(app, **{**settings, "host": "127.0.0.1"})

    return make


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    uvicorn.Config = on_loopback(uvicorn.Config)
    port = free_port()
    with open(sys.argv[1] + ".new", "w") as file:
        file.write(str(port))
    os.replace(sys.argv[1] + ".new", sys.argv[1])
    classifier = train()
    server = kserve.ModelServer(http_port=port, workers=1, enable_grpc=False)
    server.start([LiftWingModel(name, classifier) for name in NAMES])


if __name__ == "__main__":
    main()
