"""Reads the description's page from a file and says what is wrong with it: elements that don't fit into each other, links into nothing."""

import sys
from html.parser import HTMLParser

VOID = {"meta"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.wrong = [], [], [], []

    def handle_starttag(self, name, attributes):
        attributes = dict(attributes)
        if name not in VOID:
            self.open.append(name)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        for reference in "aria-labelledby", "href":
            if (target := attributes.get(reference, "/")) and not target.startswith("/"):
                self.links.append(target.removeprefix("#"))
        if name in {"script", "link", "img", "iframe", "form"} or any(each.startswith("on") for each in attributes):
            self.wrong.append(f"<{name}> in line {self.getpos()}")

    def handle_endtag(self, name):
        if not self.open or self.open.pop() != name:
            self.wrong.append(f"</{name}> in line {self.getpos()} closes nothing")


page = Page()
page.feed(open(sys.argv[1], encoding="utf-8").read())
page.close()
page.wrong += [f"<{name}> is not closed" for name in page.open]
page.wrong += [f"#{link} is nowhere" for link in sorted(set(page.links) - set(page.ids))]
page.wrong += [f"#{each} stands twice" for each in sorted({i for i in page.ids if page.ids.count(i) > 1})]
print("\n".join(page.wrong))
sys.exit(1 if page.wrong else 0)
