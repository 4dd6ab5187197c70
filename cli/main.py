"""``spm``: one command for regions, operators and the local stack."""

import typer

from cli import award, dead_letters, generate, keys, receipt, rights, rules, stack
from cli.backup import backup, restore
from cli.check import check
from cli.demo.run import demo
from cli.desk.command import desk
from cli.doctor.command import doctor
from cli.pausing import lag, pause_, resume
from cli.rebuild import rebuild
from cli.submit import submit
from cli.topics import topics
from cli.verdict import verdict

app = typer.Typer(
    help="SPM reporting and awards.", no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False
)
app.add_typer(stack.app)
app.add_typer(rules.app, name="rules")
app.add_typer(award.app, name="award")
app.add_typer(receipt.app, name="receipt")
app.add_typer(keys.app, name="key")
app.add_typer(rights.app, name="rights")
app.add_typer(dead_letters.app, name="dead-letters")
app.command()(backup)
app.command()(generate.generate)
app.command()(check)
app.command()(demo)
app.command()(desk)
app.command()(doctor)
app.command()(lag)
app.command("pause")(pause_)
app.command()(rebuild)
app.command()(restore)
app.command()(resume)
app.command()(submit)
app.command()(topics)
app.command()(verdict)
