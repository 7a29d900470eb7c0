"""Keeps some columns of each product; a column that a product lacks is N/A."""
import json
import os

with open(os.environ["DAGSMITH_INPUT"]) as file:
    task = json.load(file)

with open(task["inputs"]["data"]["path"]) as file:
    products = json.load(file)["products"]

columns = task["params"]["columns"]
kept = [{column: product.get(column, "N/A") for column in columns} for product in products]
print(f"{len(kept)} products")

with open("products.json", "w") as file:
    json.dump(kept, file)
