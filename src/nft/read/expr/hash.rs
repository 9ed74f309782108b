//! Numbers made by the kernel: counters, chance and hashes (nft(8), *NUMGEN* and *HASH EXPRESSIONS*).

use crate::nft::ast::Expr;
use crate::nft::read::cursor::{Parsed, Reader, Unread};

impl Reader<'_> {
    /// `numgen ...`, `jhash ...` or `symhash ...`
    pub fn hash(&mut self) -> Parsed<Expr> {
        match self.word()? {
            "numgen" => self.numgen(),
            "jhash" => self.nested(Self::jhash),
            "symhash" => {
                let modulus = self.modulus()?;
                Ok(Expr::Symhash { modulus, offset: self.offset()? })
            }
            _ => Err(Unread),
        }
    }

    fn numgen(&mut self) -> Parsed<Expr> {
        let random = match self.word()? {
            "inc" => false,
            "random" => true,
            _ => return Err(Unread),
        };
        let modulus = self.modulus()?;
        Ok(Expr::Numgen { random, modulus, offset: self.offset()? })
    }

    fn jhash(&mut self) -> Parsed<Expr> {
        let key = Box::new(self.left()?);
        let modulus = self.modulus()?;
        let seed = if self.eat("seed") { Some(self.number()?) } else { None };
        Ok(Expr::Jhash { key, modulus, seed, offset: self.offset()? })
    }

    fn modulus(&mut self) -> Parsed<u32> {
        self.need("mod")?;
        self.number()
    }

    fn offset(&mut self) -> Parsed<u32> {
        if self.eat("offset") { self.number() } else { Ok(0) }
    }
}
