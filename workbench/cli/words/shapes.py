"""What every command and group of ours does with its words."""

from __future__ import annotations

from collections import Counter

import click

__all__ = ["Command", "Group"]


class Command(click.Command):
    """A command that refuses an option which is given twice and has one value.

    click takes the last one, so that ``--where A --where B`` would select by B
    alone and say nothing of A.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words behind the command.

        Parameters
        ----------
        ctx : `click.Context`
            Context of the command.
        args : `list` [ `str` ]
            The words.

        Returns
        -------
        rest : `list` [ `str` ]
            Words that are left over.

        Raises
        ------
        click.UsageError
            Raised for an option that is given again, unless it is a plain
            flag or may be repeated.
        """
        if not ctx.resilient_parsing:
            _, _, order = self.make_parser(ctx).parse_args(args=list(args))
            for option, times in Counter(order).items():
                if times > 1 and isinstance(option, click.Option) and not _may_be_repeated(option):
                    raise click.UsageError(_refuse(option, times), ctx=ctx)
        return super().parse_args(ctx, args)


def _may_be_repeated(option: click.Option) -> bool:
    is_plain_flag = option.is_flag and not option.secondary_opts
    return option.multiple or option.count or is_plain_flag


def _refuse(option: click.Option, times: int) -> str:
    name = "/".join([option.opts[-1], *option.secondary_opts])
    remedy = " Join the conditions by AND, or by OR." if name == "--where" else ""
    return f"{name} is given {times} times, and has one value.{remedy}"


class Group(click.Group):
    """A group whose commands are of this kind."""

    command_class = Command
    group_class = type
