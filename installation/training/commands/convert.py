"""convert: writes a model file from a network trained by another program."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass
from pathlib import Path

from installation.core.atomic_write import check_suffix, write_whole
from installation.core.errors import OptionError
from installation.core.invocation import program
from installation.training.command_line.options import argument, option, required

ORDER = 45
HELP = "bring your own model: StyleGAN2-ADA, StyleGAN3 and others"
DESCRIPTION = """\
Reads a network that another program trained and writes it as a model file, which paints the same pictures. Its latent
space is measured and its directions are found on the way, so that a show can use it at once:

  PROGRAM convert FILE --out shows/models/mine.safetensors --show shows/mine.toml

  .pkl                    StyleGAN2-ADA and StyleGAN3 for PyTorch, as NVIDIA's programs save them, and the
                          snapshots of Projected GAN with its FastGAN
  .pt .pth .safetensors   state dicts of stylegan2-pytorch (rosinality's and lucidrains'), lightweight-gan, FastGAN
                          and Projected GAN
  .onnx                   any generator of one z, painted by onnxruntime (the extra onnx)

A pickle is a program. Here it is never run: it is read as data, by a list of what a network may hold, and anything else
in it is refused by name. The source text that NVIDIA's files carry is not looked at.

Of a network with classes 16 are kept, or those of --classes; a show then chooses and mixes them while it plays:
/generator/class and /generator/class-mix.

The licence of the weights is theirs who trained them; say it with --licence. NVIDIA's own pretrained networks are for
non-commercial use: an exhibition that sells tickets may not show them.
"""


def class_list(text: str) -> dict[int, str]:
    """From 0,3=cats to {0: "", 3: "cats"}."""
    classes: dict[int, str] = {}
    for one in text.split(","):
        number, _, name = one.partition("=")
        if not number.strip().isdecimal() or len(number) > 6 or len(name) > 60:
            raise argparse.ArgumentTypeError(f"{one!r} is no class; expected a number, or NUMBER=NAME such as 3=cats")
        classes[int(number)] = " ".join(name.split())
    if len(classes) > 16:
        raise argparse.ArgumentTypeError(f"{len(classes)} classes are too many; 16 are the most")
    return classes


@dataclass(frozen=True)
class Options:
    file: Path = argument("the network's file", Path, "FILE")
    out: Path = required("the model file to write (.safetensors)", Path, "MODEL")
    licence: str = option("", "of the weights, such as CC-BY-4.0", metavar="TEXT")
    classes: dict[int, str] | None = option(
        None, "which to keep, such as 0,3 or 0=dogs,3=cats (16 at most)", class_list, "LIST"
    )
    show: Path | None = option(None, "write a show with it, where there is none yet (.toml)", Path, "SHOW")


OF_NVIDIA = ("stylegan2_ada", "stylegan3")
NVIDIAS = " NVIDIA's own pretrained networks are for non-commercial use only."

SHOW = """\
[show]
title = {name}

[[piece]]
name = {name}
duration = "4 min"
generator = {{ kind = "{kind}", model = {model} }}
walk = "wander"
"""


def run(options: Options) -> None:
    from installation.core.atomic_write import check_place
    from installation.training.command_line.published import command_line
    from installation.training.convert.run import convert

    check_suffix(options.out, ".safetensors", "model")
    check_place(options.out)
    if options.show is not None:
        check_suffix(options.show, ".toml", "show")
        if options.show.exists():
            raise OptionError(f"{options.show}: is there already; say another name, or leave out --show.")
        check_place(options.show)
    words = ["convert", str(options.file), "--out", str(options.out)]
    header = convert(options.file, options.out, options.licence, options.classes, command_line(words))
    print(told(options.out, header))
    if options.show is not None:
        write_whole(options.show, show_of(options.show, options.out, str(header["kind"])).encode())
        print(f"It hangs: {program()} {options.show}")


def show_of(show: Path, model: Path, kind: str) -> str:
    """The text of a show file whose only piece paints this model."""
    beside = os.path.relpath(model.resolve(), show.resolve().parent).replace(os.sep, "/")
    name = json.dumps(model.stem, ensure_ascii=False)
    return SHOW.format(name=name, kind=kind, model=json.dumps(beside, ensure_ascii=False))


def told(out: Path, header: dict[str, object]) -> str:
    """The printed result: the file written, its licence, and how to show it."""
    source, licence, architecture = header["source"], header["licence"], header["architecture"]
    assert isinstance(source, dict)
    assert isinstance(licence, dict)
    assert isinstance(architecture, dict)
    lines = [
        f"{out}: {source['family']}, {architecture['resolution']} px, licence of the weights: {licence['weights']}."
    ]
    if licence["weights"] == "not told":
        lines.append(f"Say it with --licence.{NVIDIAS if header['kind'] in OF_NVIDIA else ''}")
    if isinstance(header.get("classes"), list):
        lines.append(f"Its classes are a knob, /generator/class: {', '.join(map(str, header['classes']))}.")  # type: ignore[call-overload]
    lines += source.get("notes", [])
    place = f"models/{out.name}" if out.parent.name == "models" else out.resolve().as_posix()
    lines.append(f'In a show file: generator = {{ kind = "{header["kind"]}", model = "{place}" }}')
    return "\n".join(lines)
