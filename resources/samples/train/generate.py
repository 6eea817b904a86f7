"""Draws the glyph data set: 0-9 and A-Z from the free fonts of catalogue.txt.

    /usr/bin/python3 generate.py --work DIR

writes DIR/train.npz, and beside this folder glyphs-validation.npz, glyphs-test.npz and labels.txt,
and here fonts.txt (which font went to which split). The same fonts give the same bytes: everything
is drawn from one seed. Splits are disjoint in designs, so no split has a relative of a font that
another one holds.

Arrays: x uint8 [N, 1, 32, 32], 0 black to 255 white; y int64 [N], index into labels.txt.
"""

import argparse
import pathlib
import subprocess
from collections import defaultdict

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

LABELS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SEED = 20240
SIZE = 32
CANVAS = 128  # side of a glyph's master drawing, pixels
CAP_HEIGHT = 56  # of the letter H in the master drawing, pixels
FACES_PER_FAMILY = 6
PER_CLASS = {"train": 720, "validation": 16, "test": 48}
SHARE_OF_DESIGNS = {"validation": 0.12, "test": 0.26}  # the rest trains

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = HERE.parent


def read_catalogue():
    """Returns the rows of catalogue.txt as (package, licence, design, [families])."""
    rows = []
    for line in (HERE / "catalogue.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            package, licence, design, families = (part.strip() for part in line.split("|"))
            rows.append((package, licence, design, [family.strip() for family in families.split(",")]))
    return rows


def find_faces(package):
    """Returns {family: [font file, ...]} of an installed Debian package, files in name order."""
    listing = subprocess.run(["dpkg", "-L", package], check=True, capture_output=True, text=True).stdout
    faces = defaultdict(list)
    for path in sorted(listing.splitlines()):
        if path.lower().endswith((".ttf", ".otf")):
            faces[ImageFont.truetype(path, 32).getname()[0]].append(path)
    return faces


def thin_out(faces):
    """At most FACES_PER_FAMILY of the faces, evenly spaced."""
    if len(faces) <= FACES_PER_FAMILY:
        return faces
    picks = np.linspace(0, len(faces) - 1, FACES_PER_FAMILY).round().astype(int)
    return [faces[pick] for pick in picks]


def assign_designs(designs, rng):
    """Shuffles the designs into {design: split}."""
    order = sorted(set(designs))
    rng.shuffle(order)
    validation = round(len(order) * SHARE_OF_DESIGNS["validation"])
    test = round(len(order) * SHARE_OF_DESIGNS["test"])
    return {
        design: "validation" if index < validation else "test" if index < validation + test else "train"
        for index, design in enumerate(order)
    }


class Face:
    """One font file; draws each character once, at a size where H is CAP_HEIGHT pixels tall."""

    def __init__(self, path):
        left, top, right, bottom = ImageFont.truetype(path, 100).getbbox("H", anchor="ls")
        self.font = ImageFont.truetype(path, round(100 * CAP_HEIGHT / (bottom - top)))
        self.masters = {}

    def draw(self, character):
        """Returns the master drawing, white on black; centred across, cap height centred down."""
        if character not in self.masters:
            image = Image.new("L", (CANVAS, CANVAS), 0)
            left, _, right, _ = self.font.getbbox(character, anchor="ls")
            origin = (CANVAS / 2 - (left + right) / 2, CANVAS / 2 + CAP_HEIGHT / 2)
            ImageDraw.Draw(image).text(origin, character, font=self.font, fill=255, anchor="ls")
            self.masters[character] = image
        return self.masters[character]


def place(master, rng):
    """Thickens or thins, rotates, shears, scales and shifts a master; returns coverage [32, 32] in 0..1."""
    weight = rng.random()
    if weight < 0.12:
        master = master.filter(ImageFilter.MaxFilter(5))
    elif weight < 0.17:
        master = master.filter(ImageFilter.MinFilter(3))
    cap_height = rng.uniform(15, 23)
    angle, shear = np.deg2rad(rng.normal(0, 7)), rng.normal(0, 0.13)
    stretch = np.exp(rng.normal(0, 0.12))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    forward = rotation @ np.array([[stretch, shear], [0, 1]]) * (2 * cap_height / CAP_HEIGHT)
    inverse = np.linalg.inv(forward)
    centre = SIZE + 2 * rng.uniform(-2.5, 2.5, 2)  # drawn at twice the size, then halved
    offset = CANVAS / 2 - inverse @ centre
    coefficients = (inverse[0, 0], inverse[0, 1], offset[0], inverse[1, 0], inverse[1, 1], offset[1])
    doubled = master.transform((2 * SIZE, 2 * SIZE), Image.AFFINE, coefficients, Image.BILINEAR)
    return np.asarray(doubled.resize((SIZE, SIZE), Image.BOX), np.float32) / 255


def smooth_field(rng, cells):
    """Smooth random field [32, 32] in about -1..1 with the given number of cells across."""
    grid = Image.fromarray(rng.uniform(-1, 1, (cells, cells)).astype(np.float32))
    return np.asarray(grid.resize((SIZE, SIZE), Image.BICUBIC))


def degrade(coverage, rng):
    """Lays coverage over a background and adds blur, stains, lines and noise; returns uint8 [32, 32]."""
    ink, paper = rng.uniform(0, 0.3), rng.uniform(0.55, 1)
    if rng.random() < 0.35:
        ink, paper = paper, ink
    background = paper + rng.uniform(0, 0.12) * smooth_field(rng, int(rng.integers(2, 6)))
    foreground = ink + rng.uniform(0, 0.10) * smooth_field(rng, 2)
    image = background * (1 - coverage) + foreground * coverage
    if rng.random() < 0.15:
        stroke = Image.new("L", (SIZE, SIZE), 0)
        ends = rng.uniform(0, SIZE, 4)
        ImageDraw.Draw(stroke).line(tuple(ends), fill=255, width=1)
        mask = np.asarray(stroke, np.float32) / 255 * rng.uniform(0.3, 0.8)
        image = image * (1 - mask) + rng.uniform(0, 1) * mask
    picture = Image.fromarray(np.uint8(np.clip(image, 0, 1) * 255))
    picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.1)))
    noisy = np.asarray(picture, np.float32) + rng.normal(0, 1, (SIZE, SIZE)) * abs(rng.normal(0, 10))
    return np.uint8(np.clip(noisy.round(), 0, 255))


def draw_split(families, per_class, rng):
    """Draws per_class images of every label: first a family, then one of its faces, evenly likely."""
    x, y = [], []
    for label, character in enumerate(LABELS):
        for _ in range(per_class):
            faces = families[rng.integers(len(families))]
            face = faces[rng.integers(len(faces))]
            x.append(degrade(place(face.draw(character), rng), rng))
            y.append(label)
    order = rng.permutation(len(y))
    return np.stack(x)[order][:, None], np.array(y, np.int64)[order]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for train.npz")
    work = parser.parse_args().work
    work.mkdir(parents=True, exist_ok=True)

    rows = read_catalogue()
    split_of = assign_designs([design for _, _, design, _ in rows], np.random.default_rng(SEED))
    families, lines = defaultdict(list), defaultdict(list)
    for package, licence, design, names in rows:
        faces = find_faces(package)
        for name in names:
            if name not in faces:
                raise SystemExit(f"{package} holds no family {name!r}; it has {', '.join(faces) or 'no fonts'}")
            kept = thin_out(faces[name])
            families[split_of[design]].append([Face(path) for path in kept])
            files = ", ".join(pathlib.Path(path).name for path in kept)
            lines[split_of[design]].append(f"{name} | {design} | {package} | {licence} | {files}")

    listing = ["Fonts of each split: family | design | Debian package | licence | files used"]
    for number, split in enumerate(["train", "validation", "test"]):
        target = work / "train.npz" if split == "train" else SAMPLES / f"glyphs-{split}.npz"
        x, y = draw_split(families[split], PER_CLASS[split], np.random.default_rng([SEED, number]))
        np.savez_compressed(target, x=x, y=y)
        faces = sum(len(family) for family in families[split])
        designs = sum(of == split for of in split_of.values())
        print(f"{split}: {len(y)} images, {designs} designs, {len(families[split])} families, {faces} faces")
        listing += ["", f"[{split}] {designs} designs, {len(families[split])} families, {faces} faces"]
        listing += sorted(lines[split], key=str.lower)
    (HERE / "fonts.txt").write_text("\n".join(listing) + "\n")
    (SAMPLES / "labels.txt").write_text("\n".join(LABELS) + "\n")


if __name__ == "__main__":
    main()
