//! What the gateway says. Pure.
//!
//! The functions with names give the document's own words, to the letter and with its oddities: the list after EHLO
//! that has a dash on its last line too, `ENANCEDSTATUSCODES`, the `".."` of the 354 line, and the acceptance without a
//! code. All other words are ours, see the table in `simulator`.

use std::net::IpAddr;

use super::settings::Account;

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    /// At least one.
    pub lines: Vec<String>,
    pub form: Form,
}

/// How the code stands before the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A dash after each code but the last (RFC 5321, section 4.2.1).
    Coded,
    /// A dash after each code.
    Endless,
    Codeless,
}

impl Reply {
    /// An answer of one line.
    pub fn new(code: u16, text: impl Into<String>) -> Reply {
        Reply { code, lines: vec![text.into()], form: Form::Coded }
    }

    pub fn greeting(session: u64, client: Option<IpAddr>) -> Reply {
        let address = client.map_or_else(|| "unknown".to_owned(), |client| client.to_canonical().to_string());
        Reply::new(220, format!("Service ready. Connection {session} with [{address}]"))
    }

    pub fn hello() -> Reply {
        let lines = ["Requested okay, completed", "ENANCEDSTATUSCODES", "AUTH=LOGIN"].map(str::to_owned).to_vec();
        Reply { code: 250, lines, form: Form::Endless }
    }

    /// `Username:`
    pub fn user_wanted() -> Reply {
        Reply::new(334, "VXNlcm5hbWU6")
    }

    /// `Password:`
    pub fn password_wanted() -> Reply {
        Reply::new(334, "UGFzc3dvcmQ6")
    }

    pub fn logged_in(Account { credits, id, status, .. }: &Account) -> Reply {
        Reply::new(235, format!("[{credits}] ID ACCOUNT: [{id}] STATUS: [{status}]"))
    }

    pub fn sender_ok(sender: &str) -> Reply {
        Reply::new(250, format!("{sender} ...Sender Ok"))
    }

    pub fn recipient_ok(recipient: &str) -> Reply {
        Reply::new(250, format!("{recipient} ...Recipient Ok"))
    }

    pub fn text_wanted() -> Reply {
        Reply::new(354, "Enter Text Message, end with <CRLF>\"..\" <CRLF>")
    }

    pub fn accepted(recipient: &str) -> Reply {
        let text = format!("Message accepted for delivery to: {recipient}");
        Reply { form: Form::Codeless, ..Reply::new(250, text) }
    }

    /// To NOOP and RSET, of which the document says only the code.
    pub fn done() -> Reply {
        Reply::new(250, "Requested okay, completed")
    }

    pub fn goodbye() -> Reply {
        Reply::new(221, "SMSC SMTP Server closing connection.")
    }

    /// The bytes that go over the line, each line ended by `end`.
    pub fn bytes(&self, end: &str) -> Vec<u8> {
        let last = self.lines.len().saturating_sub(1);
        let lines = self.lines.iter().enumerate().map(|(n, line)| match self.form {
            Form::Codeless => format!("{line}{end}"),
            Form::Coded if n == last => format!("{} {line}{end}", self.code),
            Form::Coded | Form::Endless => format!("{}-{line}{end}", self.code),
        });
        lines.collect::<String>().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_the_documents_to_the_letter() {
        let account = Account { id: "77".to_owned(), credits: 120, ..Account::new("myuserid", "mypassword") };
        let blocked = Account { status: "BLOCKED".to_owned(), credits: 0, ..account.clone() };
        let table = [
            (Reply::greeting(7, "10.1.2.3".parse().ok()), "220 Service ready. Connection 7 with [10.1.2.3]\r\n"),
            (Reply::greeting(7, "::ffff:10.1.2.3".parse().ok()), "220 Service ready. Connection 7 with [10.1.2.3]\r\n"),
            (Reply::hello(), "250-Requested okay, completed\r\n250-ENANCEDSTATUSCODES\r\n250-AUTH=LOGIN\r\n"),
            (Reply::user_wanted(), "334 VXNlcm5hbWU6\r\n"),
            (Reply::password_wanted(), "334 UGFzc3dvcmQ6\r\n"),
            (Reply::logged_in(&account), "235 [120] ID ACCOUNT: [77] STATUS: [ACTIVE]\r\n"),
            (Reply::logged_in(&blocked), "235 [0] ID ACCOUNT: [77] STATUS: [BLOCKED]\r\n"),
            (Reply::sender_ok("+393331234567"), "250 +393331234567 ...Sender Ok\r\n"),
            (Reply::recipient_ok("+4477331234567"), "250 +4477331234567 ...Recipient Ok\r\n"),
            (Reply::text_wanted(), "354 Enter Text Message, end with <CRLF>\"..\" <CRLF>\r\n"),
            (Reply::accepted("+4477331234567"), "Message accepted for delivery to: +4477331234567\r\n"),
            (Reply::goodbye(), "221 SMSC SMTP Server closing connection.\r\n"),
        ];
        for (reply, expected) in table {
            assert_eq!(String::from_utf8(reply.bytes("\r\n")).unwrap(), expected);
        }
    }

    #[test]
    fn forms_differ_in_the_code_only() {
        let with = |form| String::from_utf8(Reply { form, ..Reply::hello() }.bytes("\n")).unwrap();
        assert_eq!(with(Form::Coded), "250-Requested okay, completed\n250-ENANCEDSTATUSCODES\n250 AUTH=LOGIN\n");
        assert_eq!(with(Form::Codeless), "Requested okay, completed\nENANCEDSTATUSCODES\nAUTH=LOGIN\n");
    }
}
