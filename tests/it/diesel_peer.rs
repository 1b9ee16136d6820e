//! diesel_peer
