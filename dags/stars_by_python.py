"""Asks GitHub for the stars of a repository, with a package from PyPI."""
import json
import os

import requests

with open(os.environ["DAGSMITH_INPUT"]) as file:
    repo = json.load(file)["params"]["repo"]

answer = requests.get(f"{os.environ['GITHUB_URL']}/repos/{repo}", timeout=30)
answer.raise_for_status()
stars = answer.json()["stargazers_count"]
print(f"{repo} has {stars} stars")

with open(os.environ["DAGSMITH_OUTPUT"], "w") as file:
    json.dump({"stars": stars}, file)
