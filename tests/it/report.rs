//! `report`: one page.
