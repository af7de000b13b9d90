//! One message's way through a session: MAIL, RCPT, and DATA or BDAT (RFC 5321, section 3.3; RFC 3030).

use super::{Handover, Next, Session};
use crate::smtp::answers;
use crate::smtp::command::{Chunk, ChunkPlace, Mail};
use crate::smtp::data::{Text, TooBig};
use crate::smtp::envelope::{Content, Envelope, Letter, Recipient, ReversePath};
use crate::smtp::hops;
use crate::smtp::reply::{Reception, Reply};

/// From MAIL to the end of the text.
#[derive(Debug)]
pub(super) struct Transaction {
    mail: Mail,
    recipients: Vec<Recipient>,
    /// What BDAT has brought; `None` before the first one.
    chunks: Option<Text>,
}

impl Session {
    pub(super) fn mail(&mut self, mail: Mail) -> Next {
        if self.hello.is_none() {
            return self.out_of_order(&format!("say {} first", self.hello_verb()));
        }
        if self.transaction.is_some() {
            return self.out_of_order("nested MAIL: finish this message or RSET first");
        }
        if let Err(reply) = self.may_send() {
            return Next::Say(reply);
        }
        if mail.size.is_some_and(|size| size > self.settings.max_message_size as u64) {
            return Next::Say(self.too_big());
        }
        if let Err(reply) = self.may_sign(&mail) {
            return Next::Say(reply);
        }
        let reply = self.sender_ok(&mail);
        self.transaction = Some(Transaction { mail, recipients: Vec::new(), chunks: None });
        Next::Say(reply)
    }

    pub(super) fn rcpt(&mut self, recipient: Recipient, reception: &impl Reception) -> Next {
        let Some(transaction) = &self.transaction else {
            return self.out_of_order("MAIL comes before RCPT");
        };
        if transaction.chunks.is_some() {
            return self.out_of_order("RCPT comes before BDAT");
        }
        // Bare words have no sender who could hear of one number's refusal when the other was accepted.
        let most = if self.sender_id(&transaction.mail).is_some() { 1 } else { self.settings.max_recipients };
        if transaction.recipients.len() >= most {
            let text = format!("at most {most} recipients at a time: send the others the message again");
            return Next::Say(Reply::new(452, "4.5.3", text));
        }
        let asked = transaction.mail.alphabet.may_write(&recipient.mailbox);
        let asked = asked.and_then(|()| reception.may_accept(&recipient.mailbox, &self.permit));
        if let Err(reply) = asked {
            return Next::Say(reply);
        }
        let reply = self.recipient_ok(&recipient);
        if let Some(transaction) = &mut self.transaction {
            transaction.recipients.push(recipient);
        }
        Next::Say(reply)
    }

    pub(super) fn data(&mut self) -> Next {
        match &self.transaction {
            None => self.out_of_order("MAIL and RCPT come before DATA"),
            // Not a mistake of a client that pipelines: it cannot know yet that its recipients were refused.
            Some(transaction) if transaction.recipients.is_empty() => {
                Next::Say(Reply::new(503, "5.5.1", "no valid recipients"))
            }
            Some(transaction) if transaction.chunks.is_some() => self.out_of_order("go on with BDAT, or RSET first"),
            Some(_) => Next::ReadText(self.go_ahead()),
        }
    }

    /// Prepares for a chunk. Whatever the state, its bytes must be read: they are no commands.
    pub(super) fn bdat(&mut self, chunk: Chunk) -> Next {
        let limit = self.settings.max_message_size;
        if let Some(transaction) = &mut self.transaction
            && !transaction.recipients.is_empty()
        {
            transaction.chunks.get_or_insert_with(|| Text::new(limit));
        }
        Next::ReadChunk(chunk)
    }

    /// Takes the next bytes of a chunk; they are lost when no message was begun for them.
    pub(in crate::smtp) fn keep(&mut self, bytes: &[u8]) {
        if let Some(chunks) = self.transaction.as_mut().and_then(|transaction| transaction.chunks.as_mut()) {
            chunks.push(bytes);
        }
    }

    /// Bytes that BDAT has brought and that are kept.
    pub(in crate::smtp) fn kept(&self) -> usize {
        let chunks = self.transaction.as_ref().and_then(|transaction| transaction.chunks.as_ref());
        chunks.map_or(0, Text::len)
    }

    /// The size that the client announced in MAIL.
    pub(in crate::smtp) fn announced(&self) -> Option<u64> {
        self.transaction.as_ref().and_then(|transaction| transaction.mail.size)
    }

    /// Answers a chunk whose bytes were all read. A message over the limit stays so until its last chunk or RSET.
    pub(in crate::smtp) fn end_of_chunk(&mut self, chunk: Chunk) -> Handover {
        let too_big = self.too_big();
        let Some(transaction) = &mut self.transaction else {
            self.mistakes += 1;
            return Handover::Answered(vec![Reply::new(503, "5.5.1", "MAIL and RCPT come before BDAT")]);
        };
        match (&transaction.chunks, chunk.place) {
            (None, _) => Handover::Answered(vec![Reply::new(503, "5.5.1", "no valid recipients")]),
            (Some(text), ChunkPlace::Inner) if text.is_too_big() => Handover::Answered(vec![too_big]),
            (Some(_), ChunkPlace::Inner) => {
                Handover::Answered(vec![Reply::new(250, "2.0.0", format!("{} bytes taken", chunk.size))])
            }
            (Some(_), ChunkPlace::Last) => {
                let text = transaction.chunks.take().map_or(Ok(Vec::new()), Text::finish);
                self.end_of_text(text)
            }
        }
    }

    /// Ends the transaction with the text that followed DATA.
    pub(in crate::smtp) fn end_of_text(&mut self, text: Result<Vec<u8>, TooBig>) -> Handover {
        let client = self.client(self.hello.clone().unwrap_or_default());
        let Some(transaction) = self.end_transaction() else {
            return Handover::Answered(vec![Reply::new(503, "5.5.1", "no message was begun")]);
        };
        self.chatter = 0;
        let Transaction { mail, recipients, .. } = transaction;
        let content = match self.sender_id(&mail) {
            Some(sender) => Content::BareText { sender_id: sender.to_owned() },
            None => Content::Mail,
        };
        let refused = |reply| Handover::Answered(answers::same_for_all(self.answers(), recipients.len(), &reply));
        let looping = |text: &[u8]| match content {
            Content::Mail => hops::find_loop(text, &self.settings.hostname),
            Content::BareText { .. } => None,
        };
        match text.map(|text| (looping(&text), text)) {
            Err(TooBig) => refused(self.too_big()),
            Ok((Some(how), _)) => refused(Reply::new(554, "5.4.6", format!("mail loop: {how}"))),
            Ok((None, bytes)) => {
                let Mail { from, returned, envelope_id, .. } = mail;
                let from = if content == Content::Mail { from } else { ReversePath::Null };
                let envelope = Envelope { from, recipients, client, returned, envelope_id };
                Handover::Letter(Box::new(Letter { envelope, content, bytes, answers: self.answers() }))
            }
        }
    }
}
