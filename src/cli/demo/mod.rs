//! `telepost demo`: relay, simulated gateway and a throw-away spool in one process.
//!
//! It sends itself a few mails through its own door, shows each SMS as it arrives, then keeps listening and says how
//! to send more. The spool goes with the process.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use clap::Args;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;

use super::serve::{Relay, Running};
use super::{fail, phone};
use crate::config::Config;
use crate::shutdown::Signals;
use crate::simulator::{AcceptedSms, Simulator};
use crate::smtp::Bind;

#[derive(Args)]
pub struct Arguments {
    /// End after the first round of mails
    #[arg(long)]
    once: bool,
    /// Where to take mail; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:2525")]
    listen: std::net::SocketAddr,
}

/// A mail of the first round: what it is, who it is from and to, and its text.
struct Sample {
    about: &'static str,
    from: &'static str,
    to: &'static str,
    mail: &'static str,
}

const SAMPLES: [Sample; 3] = [
    Sample {
        about: "a monitoring alert to an alias",
        from: "nagios@mon.example.com",
        to: "oncall@sms.example.com",
        mail: include_str!("disk.eml"),
    },
    Sample {
        about: "an HTML ticket from a helpdesk, with umlauts",
        from: "helpdesk@example.com",
        to: "+447731234567@sms.example.com",
        mail: include_str!("ticket.eml"),
    },
    Sample {
        about: "cron's mail in base64, longer than one SMS",
        from: "root@backup.example.com",
        to: "00393331234567@sms.example.com",
        mail: include_str!("backup.eml"),
    },
];

/// How long a sample's SMS may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);
const USER: &str = "demo";
const PASSWORD: &str = "demo";

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();

/// Exit 0 after the first round (`--once`) or at SIGINT or SIGTERM; 1 when an SMS did not arrive.
pub async fn run(arguments: &Arguments) -> ExitCode {
    let mut signals = match Signals::watch() {
        Ok(signals) => signals,
        Err(error) => return fail(format_args!("signals can't be watched: {error}")),
    };
    let mut demo = match Demo::open(arguments).await {
        Ok(demo) => demo,
        Err(reason) => return fail(reason),
    };
    let code = tokio::select! {
        code = demo.show(arguments) => code,
        _ = signals.received() => ExitCode::SUCCESS,
    };
    demo.close().await;
    code
}

/// Everything that runs, and the folder that goes at the end.
struct Demo {
    running: Running,
    simulator: CancellationToken,
    arrivals: UnboundedReceiver<AcceptedSms>,
    address: std::net::SocketAddr,
    folder: PathBuf,
}

impl Demo {
    async fn open(arguments: &Arguments) -> Result<Demo, String> {
        let (arrived, arrivals) = unbounded_channel();
        let simulator = Simulator::bind(crate::simulator::Settings::for_one_account(USER, PASSWORD, arrived))
            .await
            .map_err(|error| format!("the simulated gateway can't listen: {error}"))?;
        let gateway_port = simulator.local_address().port();
        let folder =
            std::env::temp_dir().join(format!("telepost-demo-{}-{:08x}", std::process::id(), fastrand::u32(..)));
        std::fs::create_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let config = configuration(arguments.listen, gateway_port, &folder)?;
        let relay = Relay::open(&config)?;
        let address = match relay.addresses().as_slice() {
            [Bind::Tcp(address)] => *address,
            other => return Err(format!("unexpected listeners: {other:?}")),
        };
        let stop = CancellationToken::new();
        tokio::spawn(simulator.run(stop.clone()));
        Ok(Demo { running: relay.start(), simulator: stop, arrivals, address, folder })
    }

    async fn show(&mut self, arguments: &Arguments) -> ExitCode {
        anstream::println!("{BOLD}telepost demo{BOLD:#}: mail in on {}, SMS out to a simulated gateway", self.address);
        for sample in &SAMPLES {
            if let Err(reason) = self.show_sample(sample).await {
                return fail(reason);
            }
        }
        if arguments.once {
            return ExitCode::SUCCESS;
        }
        self.say_how_to_send_more();
        while let Some(sms) = self.arrivals.recv().await {
            print_sms(&sms);
        }
        ExitCode::SUCCESS
    }

    async fn show_sample(&mut self, sample: &Sample) -> Result<(), String> {
        anstream::println!("\n{BOLD}{}{BOLD:#} {DIM}{} -> {}{DIM:#}", sample.about, sample.from, sample.to);
        let reply = hand_over(self.address, sample).await?;
        anstream::println!("{GREEN}  {reply}{GREEN:#}");
        match tokio::time::timeout(PATIENCE, self.arrivals.recv()).await {
            Ok(Some(sms)) => print_sms(&sms),
            _ => return Err(format!("no SMS arrived within {} seconds", PATIENCE.as_secs())),
        }
        Ok(())
    }

    fn say_how_to_send_more(&self) {
        let (host, port) = (self.address.ip(), self.address.port());
        anstream::println!(
            "\n{BOLD}Send one more{BOLD:#} to any number at sms.example.com, with any mail client, for example:\n\n  \
             swaks --server {host}:{port} --to 00447731234567@sms.example.com --header 'Subject: Hello' --body 'from me'\n\n  \
             curl smtp://{host}:{port} --mail-from me@example.com --mail-rcpt 00447731234567@sms.example.com -T mail.txt\n\n\
             It appears here. Ctrl-C ends the demo; nothing of it stays."
        );
    }

    async fn close(self) {
        self.running.stop().await;
        self.simulator.cancel();
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            anstream::eprintln!("{} could not be removed: {error}", self.folder.display());
        }
    }
}

/// The configuration of the demo, as a file would say it.
fn configuration(listen: std::net::SocketAddr, gateway_port: u16, folder: &Path) -> Result<Config, String> {
    let password_file = folder.join("password");
    std::fs::write(&password_file, PASSWORD).map_err(|error| format!("{}: {error}", password_file.display()))?;
    let source = include_str!("demo.toml")
        .replace("{listen}", &listen.to_string())
        .replace("{gateway_port}", &gateway_port.to_string())
        .replace("{user}", USER)
        .replace("{folder}", &folder.display().to_string());
    let path = folder.join("telepost.toml");
    std::fs::write(&path, source).map_err(|error| format!("{}: {error}", path.display()))?;
    crate::config::load(&path).map_err(|problems| problems.to_string())
}

/// Brings a mail to our own door, as any client would; gives the answer to it.
async fn hand_over(address: std::net::SocketAddr, sample: &Sample) -> Result<String, String> {
    let deliver = async {
        let mut client = mail_send::SmtpClient::connect(address, PATIENCE).await?;
        client.read().await?;
        client.ehlo("demo.example.com").await?;
        client.mail_from(sample.from, &mail_send::smtp::message::Parameters::default()).await?;
        client.rcpt_to(sample.to, &mail_send::smtp::message::Parameters::default()).await?;
        client.cmd("DATA\r\n").await?;
        client.write_message(sample.mail.replace('\n', "\r\n").as_bytes()).await?;
        client.read().await
    };
    let reply = deliver.await.map_err(|error: mail_send::Error| format!("the mail was not taken: {error}"))?;
    let [class, subject, detail] = reply.esc;
    Ok(format!("{} {class}.{subject}.{detail} {}", reply.code(), reply.message().trim_end()))
}

fn print_sms(sms: &AcceptedSms) {
    anstream::println!("  SMS for {}", sms.recipient);
    phone::draw(&sms.sender, &sms.text).iter().for_each(|line| anstream::println!("{line}"));
}
